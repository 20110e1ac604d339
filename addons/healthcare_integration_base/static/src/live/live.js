/** @odoo-module **/
// License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
import { Component, onWillUnmount, status, useEffect, xml } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

const UNDER_WAY = ["queued", "staging", "applying", "finishing"];
const EVERY = 2000;

/** Reads a record anew while it is under way, so that its progress is seen. */
export class Live extends Component {
    static template = xml`<span/>`;
    static props = { ...standardWidgetProps };

    setup() {
        this.timer = null;
        useEffect(
            () => this.watch(),
            () => [this.props.record.data.state, this.props.record.resId]
        );
        onWillUnmount(() => clearTimeout(this.timer));
    }

    watch() {
        clearTimeout(this.timer);
        if (UNDER_WAY.includes(this.props.record.data.state)) {
            this.timer = setTimeout(() => this.refresh(), EVERY);
        }
    }

    async refresh() {
        if (!document.hidden && !this.props.record.dirty) {
            await this.props.record.load();
        }
        if (status(this) !== "destroyed") {
            this.watch();
        }
    }
}

registry.category("view_widgets").add("hc_live", { component: Live });
