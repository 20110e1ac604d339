/* License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl) */
import { registry } from "@web/core/registry";

const tours = registry.category("web_tour.tours");

function press(content, trigger) {
    return { content, trigger, run: "click" };
}

tours.add("hc_auditor_reads_the_trail", {
    steps: () => [
        press("settings only", ".o_search_panel .o_search_panel_category_value header:contains('Settings')"),
        press("open the change", ".o_data_row:contains('Old orders') td[name=action]"),
        {
            content: "it says what changed, and why",
            trigger: ".o_form_view:contains('365'):contains('because')",
        },
        press("the record's story", "button[name=action_open_object]"),
        { content: "as a timeline", trigger: ".o_hc_timeline_entry:contains('Old orders')" },
        press("back to the event", ".o_hc_timeline_entry a:contains('Old orders')"),
        press("the person's story", "button[name=action_open_user]"),
        { content: "as a timeline", trigger: ".o_hc_timeline h2:contains('person')" },
        press("the trail", ".o_menu_sections [data-menu-xmlid$=menu_audit], .o_menu_sections button:contains('Audit')"),
        press("export", ".o-dropdown-item:contains('Export')"),
        {
            content: "why",
            trigger: ".modal .o_field_widget[name=reason] input",
            run: "edit Yearly audit",
        },
        press("as FHIR", ".modal .o_field_widget[name=file_format] label:contains('one Bundle')"),
        { content: "how many", trigger: ".modal .o_field_widget[name=event_count]" },
        press("that is all", ".modal .btn-secondary:contains('Discard')"),
        { content: "the dialog is gone", trigger: "body:not(:has(.modal))" },
    ],
});

tours.add("hc_manager_opens_a_history", {
    steps: () => [
        press("open the channel", ".o_data_row:contains('door-tests') td[name=name]"),
        press("its history", "button[name=action_open_history]"),
        { content: "what was done", trigger: ".o_list_view .o_data_row td[name=action]:contains('Settings changed')" },
        { content: "nothing to export", trigger: ".o_control_panel:not(:contains('Export'))" },
    ],
});
