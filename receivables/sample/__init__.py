"""The sample company that every new user sees: made by the product itself, read through the same import as any file.

`generate` makes it as of a day, `write_files` puts it into files. No Django, no clock. See docs/sample-company.md.
"""

from receivables.sample.company import SampleCompany
from receivables.sample.files import SampleFile, write_files
from receivables.sample.generate import DEFAULT_SEED, generate
from receivables.sample.organisation import COUNTRIES

__all__ = ["COUNTRIES", "DEFAULT_SEED", "SampleCompany", "SampleFile", "generate", "write_files"]
