-- A fixed amount of arithmetic, hashing and sorting, without any table: how fast is the machine today?
SELECT count(*), sum(total) FROM (
  SELECT hashint8(n) %% 50000 AS key, sum(n::numeric / 100) AS total
  FROM generate_series(1, 1000000) n GROUP BY 1 ORDER BY 2 DESC
) x;
