/* License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl) */
import { Component, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { useRecordObserver } from "@web/model/relational_model/utils";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/** A field of the contract of the record's message type, chosen from those there are. */
export class HcPointerField extends Component {
    static template = "healthcare_integration_base.HcPointerField";
    static props = { ...standardFieldProps, placeholder: { type: String, optional: true } };

    setup() {
        this.orm = useService("orm");
        this.state = useState({ targets: [] });
        useRecordObserver(async (record) => {
            const type = record.data.message_type_id;
            this.state.targets = type
                ? await this.orm.call("hc.channel.mapping.line", "targets", [type.id])
                : [];
        });
    }

    get value() {
        return this.props.record.data[this.props.name] || "";
    }

    /** One that the contract no longer has is shown as well. */
    get options() {
        const known = this.state.targets.some(([pointer]) => pointer === this.value);
        return known || !this.value ? this.state.targets : [[this.value, this.value], ...this.state.targets];
    }

    onChange(ev) {
        this.props.record.update({ [this.props.name]: ev.target.value || false });
    }
}

registry.category("fields").add("hc_pointer", {
    component: HcPointerField,
    displayName: _t("Field of a contract"),
    supportedTypes: ["char"],
    extractProps: ({ placeholder }) => ({ placeholder }),
});
