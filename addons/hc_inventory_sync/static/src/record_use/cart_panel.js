/* License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl) */
import { Component, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { isQuantity } from "./cart";
import { expiryOf, quantityOf } from "./words";

/** The lines that are about to be recorded, and the button that does it. */
export class CartPanel extends Component {
    static template = "hc_inventory_sync.RecordUseCart";
    static props = {
        cart: Object,
        isSending: Boolean,
        onConfirm: Function,
        onScan: Function,
    };

    setup() {
        this.cart = useState(this.props.cart);
        this.expiryOf = expiryOf;
        this.quantityOf = quantityOf;
    }

    get isLocked() {
        return this.props.isSending || this.cart.isPending;
    }

    get confirmLabel() {
        if (this.cart.isPending) {
            return _t("Try again");
        }
        return this.cart.kind === "use" ? _t("Record use") : _t("Record put back");
    }

    /** What is odd about a line: it is told, and recorded all the same. */
    warningOf({ item, lot, quantity }) {
        if (lot?.isTyped) {
            return _t("This number is not known in this ward.");
        }
        if (lot?.expired) {
            return _t("Expired.");
        }
        const held = lot ? lot.held : item.held;
        if (this.cart.kind === "use" && item.stored && Number(quantity) > held) {
            return _t("More than the ward holds: %s", quantityOf(held, item.uom));
        }
        return "";
    }

    onFocus(line, ev) {
        this.before = line.quantity;
        ev.target.select();
    }

    onQuantity(line, ev) {
        this.cart.setQuantity(line, ev.target.value);
    }

    /** A scanner types into the field that has the focus: that is no quantity. */
    onKeydown(line, ev) {
        if (ev.key !== "Enter") {
            return;
        }
        const text = ev.target.value.trim();
        if (text && !isQuantity(text)) {
            this.cart.setQuantity(line, this.before);
            this.props.onScan(text);
        }
        ev.target.blur();
    }
}
