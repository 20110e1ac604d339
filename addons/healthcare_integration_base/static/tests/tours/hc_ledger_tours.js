/* License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl) */
import { registry } from "@web/core/registry";

const tours = registry.category("web_tour.tours");
const MESSAGE = ".o_data_row:contains('tour-event-1') td[name=message_identifier]";

/** The state that a form's status bar shows. */
function current(state) {
    return { content: `it is ${state}`, trigger: `.o_arrow_button_current:contains('${state}')` };
}

tours.add("hc_operator_mends_a_mapping", {
    steps: () => [
        {
            content: "open the menu of messages",
            trigger: "[data-menu-xmlid='healthcare_integration_base.menu_messages']",
            run: "click",
        },
        {
            content: "open the ledger",
            trigger: "[data-menu-xmlid='healthcare_integration_base.menu_ledger']",
            run: "click",
        },
        {
            content: "only what is in review",
            trigger: ".o_search_panel_filter_value:contains('In Review') input",
            run: "click",
        },
        { content: "open the message", trigger: MESSAGE, run: "click" },
        current("In Review"),
        { content: "its content is shown", trigger: ".o_hc_json:contains('facility')" },
        {
            content: "open its issue",
            trigger: ".o_field_widget[name=issue_id] a:contains('local 4711')",
            run: "click",
        },
        { content: "the issue is open", trigger: ".o_field_widget[name=fix_value]" },
        {
            content: "mend it",
            trigger: ".o_form_view button[name=action_fix]:contains('Fix mapping')",
            run: "click",
        },
        { content: "the code is filled in", trigger: ".modal [name=value] input:value('4711')" },
        {
            content: "look for the record",
            trigger: ".modal .o_field_widget[name=res_id] input",
            run: "edit Tour Vendor",
        },
        {
            content: "choose it",
            trigger: ".ui-menu-item > a:contains('Tour Vendor')",
            run: "click",
        },
        { content: "it is chosen", trigger: ".modal [name=res_id] input:value('Tour Vendor')" },
        { content: "save", trigger: ".modal .o_form_button_save", run: "click" },
        { content: "the window is closed", trigger: "body:not(:has(.modal))" },
        current("Resolved"),
        {
            content: "back to the message",
            trigger: ".breadcrumb a:contains('tour-event-1'), .o_back_button",
            run: "click",
        },
        current("Received"),
    ],
});

tours.add("hc_viewer_sees_no_content", {
    steps: () => [
        { content: "open the message", trigger: MESSAGE, run: "click" },
        current("In Review"),
        { content: "what became of it is shown", trigger: ".nav-link[name=attempts]", run: "click" },
        { content: "its try", trigger: "[name=attempt_ids] .o_data_row:contains('In Review')" },
        { content: "no content", trigger: ".o_form_view:not(:has(.nav-link[name=payload]))" },
        {
            content: "nothing to press",
            trigger: ".o_form_view:not(:has([name=action_retry])):not(:has([name=action_cancel]))",
        },
        {
            content: "open its issue",
            trigger: ".o_field_widget[name=issue_id] a",
            run: "click",
        },
        current("Open"),
        { content: "no mending", trigger: ".o_form_view:not(:has(button[name=action_fix]))" },
    ],
});
