/* License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl) */
import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { timeOf } from "./words";

const STATES = {
    waiting: { label: _t("Received"), colour: "text-bg-info" },
    done: { label: _t("Posted"), colour: "text-bg-success" },
    review: { label: _t("In review"), colour: "text-bg-warning" },
    failed: { label: _t("Not posted"), colour: "text-bg-danger" },
};

/** What the user has recorded today, and what became of it. */
export class EntriesPanel extends Component {
    static template = "hc_inventory_sync.RecordUseEntries";
    static props = { entries: Array };

    setup() {
        this.timeOf = timeOf;
    }

    stateOf(entry) {
        return STATES[entry.state];
    }
}
