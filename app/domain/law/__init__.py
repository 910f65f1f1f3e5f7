"""What an invoice must carry by the law of its seller's country: data, and one check.

    law_of(country) -> Law (requirements with their sources) -> check_law(content)

Only what we are sure of stands here; each requirement names its provision. The seller's own facts
are asked for always, the buyer's only where no simplified invoice will do.
"""

from app.domain.law.check import check_law, law_of, missing
from app.domain.law.requirement import Law, Requirement

__all__ = ["Law", "Requirement", "check_law", "law_of", "missing"]
