# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from . import test_access
from . import test_catalog
from . import test_channel_mapping
from . import test_credential
from . import test_dirty_key
from . import test_door
from . import test_engine
from . import test_issue
from . import test_keyring
from . import test_ledger_size
from . import test_recovery
from . import test_replay
from . import test_replay_rights
from . import test_staff_entry
from . import test_system_user
from . import test_tours
from . import test_wire_config
