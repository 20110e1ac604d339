# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from . import controllers
from .promptly import post_load
