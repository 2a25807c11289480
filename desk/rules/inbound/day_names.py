"""The names of months, weekdays and numbers in French, English and German, and the patterns made of them."""

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "janvier january januar jänner janv jan",
            "février fevrier february februar févr fevr feb",
            "mars march märz maerz mar",
            "avril april avr apr",
            "mai may",
            "juin june juni jun",
            "juillet july juli juil jul",
            "août aout august aug",
            "septembre september sept sep",
            "octobre october oktober oct okt",
            "novembre november nov",
            "décembre decembre december dezember déc dec dez",
        ),
        start=1,
    )
    for name in names.split()
}
WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            "lundi monday montag",
            "mardi tuesday dienstag",
            "mercredi wednesday mittwoch",
            "jeudi thursday donnerstag",
            "vendredi friday freitag",
            "samedi saturday samstag sonnabend",
            "dimanche sunday sonntag",
        )
    )
    for name in names.split()
}
NUMBERS = {
    name: number
    for number, names in {
        1: "un une one ein einem einer",
        2: "deux two zwei",
        3: "trois three drei",
        4: "quatre four vier",
        5: "cinq five fünf",
        6: "six sechs",
        7: "sept seven sieben",
        8: "huit eight acht",
        10: "dix ten zehn",
        14: "fourteen vierzehn",
        15: "quinze fifteen",
    }.items()
    for name in names.split()
}
MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
WEEKDAY = "|".join(WEEKDAYS)
COUNT = r"\d{1,2}|" + "|".join(sorted(NUMBERS, key=len, reverse=True))
YEAR = r"(?:[ ,]{1,3}((?:20)?\d{2})(?![\d.,/:]\d|\d| ?(?:€|eur|h\b|uhr)))?"
