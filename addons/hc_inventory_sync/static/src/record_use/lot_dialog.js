/* License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl) */
import { Component, useState } from "@odoo/owl";
import { Dialog } from "@web/core/dialog/dialog";
import { _t } from "@web/core/l10n/translation";
import { expiryOf, quantityOf } from "./words";

const ITEM_BARCODE = /^(\][A-Za-z]\d)?01\d{14}/;

/** Asks for the lot or serial number of an item: those of the ward, or another one. */
export class LotDialog extends Component {
    static template = "hc_inventory_sync.RecordUseLots";
    static components = { Dialog };
    static props = {
        item: Object,
        lots: Array,
        taken: Array,
        onChosen: Function,
        onScan: Function,
        close: Function,
    };

    setup() {
        this.state = useState({ name: "" });
        this.expiryOf = expiryOf;
        this.quantityOf = quantityOf;
    }

    get isSerial() {
        return this.props.item.tracking === "serial";
    }

    get title() {
        return this.isSerial
            ? _t("Which piece of %s?", this.props.item.name)
            : _t("Which lot of %s?", this.props.item.name);
    }

    isTaken(lot) {
        return this.isSerial && this.props.taken.includes(lot.name);
    }

    choose(lot) {
        this.props.onChosen(lot);
        this.props.close();
    }

    chooseOther() {
        const name = this.state.name.trim();
        if (ITEM_BARCODE.test(name)) {
            this.props.close();
            this.props.onScan(name);
        } else if (name) {
            this.choose(this.props.lots.find((lot) => lot.name === name) || { name, isTyped: true });
        }
    }

    onKeydown(ev) {
        if (ev.key === "Enter") {
            this.chooseOther();
        }
    }
}
