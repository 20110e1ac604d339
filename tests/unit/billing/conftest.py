# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import sys
from pathlib import Path

ADDON = Path(__file__).resolve().parents[3] / "addons" / "hc_billing_bridge"
if str(ADDON) not in sys.path:
    sys.path.insert(0, str(ADDON))
