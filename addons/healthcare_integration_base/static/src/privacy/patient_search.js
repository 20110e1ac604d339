/* License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl) */
import { Component, onWillStart, useRef, useState } from "@odoo/owl";
import { useAutofocus, useService } from "@web/core/utils/hooks";
import { registry } from "@web/core/registry";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

/**
 * Asks for a record number and opens what is found. The number is in one request of the server
 * and nowhere else: in no address, no search bar, no storage of the browser.
 */
export class HcPatientSearch extends Component {
    static template = "healthcare_integration_base.HcPatientSearch";
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.number = useAutofocus({ refName: "number" });
        this.authority = useRef("authority");
        this.state = useState({ places: [], place: "", busy: false, empty: false });
        onWillStart(async () => {
            this.state.places = await this.orm.call("hc.patient.search", "places", [[]]);
            const wanted = this.props.action.context.place;
            const known = this.state.places.map(([key]) => key);
            this.state.place = known.includes(wanted) ? wanted : known[0];
        });
    }

    async find() {
        const number = this.number.el.value.trim();
        this.state.empty = !number;
        if (!number || this.state.busy) {
            return;
        }
        this.state.busy = true;
        try {
            const found = await this.orm.call("hc.patient.search", "find", [
                [],
                this.state.place,
                number,
                this.authority.el.value,
            ]);
            this.number.el.value = "";
            await this.action.doAction(found, { clearBreadcrumbs: false });
        } finally {
            this.state.busy = false;
        }
    }

    close() {
        this.action.doAction({ type: "ir.actions.act_window_close" });
    }
}

registry.category("actions").add("hc_patient_search", HcPatientSearch);
