/* License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl) */
import { Component, onWillStart, onWillUnmount, useEffect, useRef, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

const EVERY = 15000;

/** Systems, their channels and the documents that these end in, with what goes on today. */
export class HcFlowMap extends Component {
    static template = "healthcare_integration_base.HcFlowMap";
    static components = { Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.root = useRef("map");
        this.state = useState({ map: null, lines: [], size: [0, 0], chosen: null });
        onWillStart(() => this.load());
        useEffect(
            () => this.draw(),
            () => [this.state.map]
        );
        const redraw = () => this.draw();
        window.addEventListener("resize", redraw);
        const timer = setInterval(() => !document.hidden && this.load(), EVERY);
        onWillUnmount(() => {
            window.removeEventListener("resize", redraw);
            clearInterval(timer);
        });
    }

    get display() {
        return { controlPanel: {} };
    }

    get isEmpty() {
        return !this.state.map.channels.length;
    }

    async load() {
        this.state.map = await this.orm.call("hc.flow.map", "read_map", []);
    }

    /** One line for each channel from its system, and one to each of its documents. */
    links() {
        const { channels, flows } = this.state.map;
        return [
            ...channels.map((one) => ({
                from: `system-${one.system}`,
                to: `channel-${one.id}`,
                channel: one.id,
                out: one.direction === "out",
                quiet: one.state !== "active",
            })),
            ...flows.map((one) => ({
                from: `channel-${one.channel}`,
                to: `document-${one.document}`,
                channel: one.channel,
                text: one.count,
            })),
        ];
    }

    draw() {
        const root = this.root.el;
        if (!root) {
            return;
        }
        const frame = root.getBoundingClientRect();
        const place = (id) => root.querySelector(`[data-node="${id}"]`)?.getBoundingClientRect();
        this.state.size = [root.scrollWidth, root.scrollHeight];
        this.state.lines = this.links()
            .map((link) => ({ ...link, path: this.path(place(link.from), place(link.to), frame) }))
            .filter((link) => link.path);
    }

    path(from, to, frame) {
        if (!from || !to) {
            return "";
        }
        const [x1, y1] = [from.right - frame.left, from.top + from.height / 2 - frame.top];
        const [x2, y2] = [to.left - frame.left, to.top + to.height / 2 - frame.top];
        const middle = (x1 + x2) / 2;
        return `M${x1},${y1} C${middle},${y1} ${middle},${y2} ${x2},${y2}`;
    }

    lineClass(line) {
        const dim = this.state.chosen && this.state.chosen !== line.channel;
        return [
            "o_hc_flow_line",
            line.out ? "o_hc_flow_out" : "",
            line.quiet ? "o_hc_flow_quiet" : "",
            dim ? "o_hc_flow_dim" : "",
        ].join(" ");
    }

    choose(channel) {
        this.state.chosen = channel;
    }

    openRecord(model, id) {
        this.action.doAction({
            type: "ir.actions.act_window",
            res_model: model,
            res_id: id,
            views: [[false, "form"]],
        });
    }

    openMessages(channel, state) {
        this.action.doAction("healthcare_integration_base.action_hc_message", {
            additionalContext: {
                search_default_channel_id: channel,
                [`search_default_${state}`]: 1,
            },
        });
    }

    openEffects(model) {
        this.action.doAction({
            type: "ir.actions.act_window",
            name: _t("Effects"),
            res_model: "hc.effect",
            views: [[false, "list"]],
            domain: [["res_model", "=", model]],
        });
    }
}

registry.category("actions").add("hc_flow_map", HcFlowMap);
