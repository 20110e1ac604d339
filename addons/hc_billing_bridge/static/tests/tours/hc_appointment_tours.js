/* License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl) */
import { registry } from "@web/core/registry";

const tours = registry.category("web_tour.tours");

function press(content, trigger) {
    return { content, trigger, run: "click" };
}

function type(content, trigger, text) {
    return { content, trigger, run: `edit ${text}` };
}

tours.add("hc_billing_says_why_no_charge_is_due", {
    steps: () => [
        press("open the entry", ".o_data_row:contains('T-1') td[name=services]"),
        press("the appointment", "button[name=action_open_document]:visible"),
        { content: "it is there", trigger: ".alert:contains('no charge has come')" },
        { content: "by a pseudonym", trigger: "[name=patient_label]:contains('Patient')" },
        press("back", ".breadcrumb-item.o_back_button"),
        press("nothing is due", "button[name=action_dismiss]:contains('No charge is due')"),
        type("say why", ".modal [name=note] input", "Free follow-up"),
        press("confirm", ".modal button[name=action_apply]:visible"),
        { content: "the window is closed", trigger: "body:not(:has(.modal))" },
        { content: "the reason is kept", trigger: "[name=note]:contains('Free follow-up')" },
        { content: "it can be taken back", trigger: "button[name=action_reopen]:visible" },
    ],
});

tours.add("hc_billing_links_a_charge", {
    steps: () => [
        press("open the entry", ".o_data_row:contains('T-1') td[name=services]"),
        press("link", ".o_form_view button[name=action_link]:contains('Link charge')"),
        press("look for the charge", ".modal .o_field_widget[name=charge_id] input"),
        press("choose it", ".ui-menu-item > a:contains('C-TOUR')"),
        { content: "it is chosen", trigger: ".modal [name=charge_id] input:value('C-TOUR')" },
        press("confirm", ".modal button[name=action_apply]:visible"),
        { content: "the window is closed", trigger: "body:not(:has(.modal))" },
        { content: "done", trigger: ".o_arrow_button_current:contains('Resolved')" },
        press("the appointment", "button[name=action_open_document]:visible"),
        press("its charges", "button[name=action_open_charges]"),
        { content: "the list", trigger: ".o_last_breadcrumb_item:contains('Charges')" },
        press("the charge", ".o_list_view .o_data_row:contains('C-TOUR') td[name=product_id]"),
        press("and back", "button[name=action_open_appointment]"),
        { content: "the appointment", trigger: ".o_form_view [name=name]:contains('T-1')" },
    ],
});
