# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
from . import (
    test_supply_consumed,
    test_supply_consumed_handler,
    test_supply_requested,
    test_supply_returned,
    test_record_use,
    test_record_use_scan,
    test_record_use_tours,
    test_purchase_ordered,
    test_replenish,
    test_documents,
    test_tours,
    test_ward_setup,
    test_rights,
    test_item_upserted,
    test_vendor_upserted,
    test_catalog_file,
)
from . import test_item_ownership
