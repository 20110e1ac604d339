# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""What an administrator may have got wrong, judged from facts that somebody else gathered."""

from .checks import CHECKS
from .facts import Facts
from .finding import Finding, Status, worst

__all__ = ["CHECKS", "Facts", "Finding", "Status", "worst"]
