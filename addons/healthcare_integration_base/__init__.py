# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
# Models first: the engine reads from them, and some of them call it.
from . import models, controllers, wizards
from .hooks import uninstall_hook
