# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from . import hc_audit_export
from . import hc_credential_reveal
from . import hc_erasure_request
from . import hc_change_ask
from . import hc_channel_pause
from . import hc_message_decide
from . import hc_replay_prepare
from . import hc_pseudonym_key_decide
from . import hc_channel_original_request
from . import hc_original_ask
from . import hc_audit_bundle
from . import hc_credential_renew
