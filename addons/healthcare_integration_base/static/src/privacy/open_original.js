/* License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl) */
import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { Dialog } from "@web/core/dialog/dialog";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

/** Shows an original. The text is in this dialog only, and goes when it is closed. */
export class HcOriginalDialog extends Component {
    static template = "healthcare_integration_base.HcOriginalDialog";
    static components = { Dialog };
    static props = { text: String, size: Number, close: Function };
}

/** Opens the sealed original of a request that is granted. */
export class HcOpenOriginal extends Component {
    static template = "healthcare_integration_base.HcOpenOriginal";
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.dialog = useService("dialog");
        this.notification = useService("notification");
    }

    get isOpen() {
        return this.props.record.data.is_open;
    }

    async open() {
        const { resModel, resId } = this.props.record;
        const answer = await this.orm.call(resModel, "open_original", [[resId]]);
        if (answer.refused) {
            this.notification.add(answer.refused, { type: "danger", title: _t("Not opened") });
        } else {
            this.dialog.add(HcOriginalDialog, { text: answer.text, size: answer.size });
        }
        await this.props.record.load();
    }
}

registry.category("view_widgets").add("hc_open_original", {
    component: HcOpenOriginal,
    fieldDependencies: [{ name: "is_open", type: "boolean" }],
});
