/* License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl) */
import { registry } from "@web/core/registry";

const SAMPLE = '{"facility": "F", "name": "Canary Ophelia", "unheard": "canary note 5519"}';

function press(content, trigger) {
    return { content, trigger, run: "click" };
}

registry.category("web_tour.tours").add("hc_officer_previews_and_approves", {
    steps: () => [
        press("open the policy", ".o_data_row:contains('policy-tests') td[name=channel_id]"),
        press("try it", "button[name=action_open_preview]"),
        { content: "paste a sample", trigger: ".o_hc_preview textarea", run: `edit ${SAMPLE}` },
        press("preview", ".o_hc_preview .btn-primary:enabled"),
        { content: "the name as it came", trigger: ".o_hc_preview_table td:contains('Canary Ophelia')" },
        { content: "and as it is kept", trigger: ".o_hc_preview_table td:contains('***')" },
        { content: "what nobody knows goes", trigger: ".o_hc_preview_table .table-danger code:contains('/unheard')" },
        press("what is changed only", "#o_hc_changed"),
        { content: "the rest is gone", trigger: ".o_hc_preview_table:not(:has(code:contains('/facility')))" },
        press("forget it", ".o_hc_preview .btn-secondary:contains('Clear')"),
        { content: "nothing is left", trigger: ".o_hc_preview_empty" },
        press("back", ".o_breadcrumb .o_back_button, .breadcrumb-item a:last"),
        press("approve", "button[name=action_approve]"),
        press("really", ".modal .btn-primary:contains('Ok')"),
        { content: "it is active", trigger: ".o_arrow_button_current:contains('Active')" },
    ],
});
