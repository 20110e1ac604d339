/* License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl) */
import { registry } from "@web/core/registry";

const tours = registry.category("web_tour.tours");

function press(content, trigger) {
    return { content, trigger, run: "click" };
}

function type(content, trigger, text) {
    return { content, trigger, run: `edit ${text}` };
}

tours.add("hc_operator_maps_an_item", {
    steps: () => [
        press("open the issue", ".o_data_row:contains('GOWN') td[name=name]"),
        press("mend it", ".o_form_view button[name=action_fix]:contains('Fix mapping')"),
        { content: "the code is filled in", trigger: ".modal [name=value] input:value('GOWN')" },
        type("look for the item", ".modal .o_field_widget[name=res_id] input", "Tour Gown"),
        press("choose it", ".ui-menu-item > a:contains('Tour Gown')"),
        { content: "it is chosen", trigger: ".modal [name=res_id] input:value('Tour Gown')" },
        press("save", ".modal .o_form_button_save"),
        { content: "the window is closed", trigger: "body:not(:has(.modal))" },
        { content: "done", trigger: ".o_arrow_button_current:contains('Resolved')" },
    ],
});

tours.add("hc_from_transfer_to_message_and_back", {
    steps: () => [
        { content: "a transfer", trigger: ".o_form_view .o_field_widget[name=move_ids]" },
        press("its messages", "button[name=action_hc_messages]"),
        press("open the message", ".o_data_row td[name=message_identifier]"),
        { content: "it is done", trigger: ".o_arrow_button_current:contains('Done')" },
        { content: "without content", trigger: ".o_form_view:not(:has(.nav-link[name=payload]))" },
        press("its effects", "button[name=action_open_effects]"),
        press("open the document", ".o_data_row button[name=action_open_record]"),
        { content: "the move", trigger: ".o_form_view .o_field_widget[name=product_id]:contains('Glove')" },
        press("its messages", "button[name=action_hc_messages]"),
        { content: "the same message", trigger: ".o_data_row:contains('supply.consumed.v1')" },
    ],
});

tours.add("hc_manager_sets_up_wards", {
    steps: () => [
        press("configuration", "[data-menu-xmlid='stock.menu_stock_config_settings']"),
        press("set-up", "[data-menu-xmlid='hc_inventory_sync.menu_stock_ward_setup']"),
        type("name", ".modal [name=facility_name] input", "Tour Campus"),
        type("code", ".modal [name=facility_code] input", "TOUR"),
        type("the system", ".modal [name=system_id] input", "cabinet-test"),
        press("choose it", ".ui-menu-item > a:contains('cabinet-test')"),
        press("a ward", ".modal .o_field_x2many_list_row_add a"),
        type("its code", ".modal .o_selected_row [name=code] input", "W-1"),
        type("its name", ".modal .o_selected_row [name=name] input", "Tour Ward"),
        press("set up", ".modal button[name=action_set_up]"),
        { content: "the sites", trigger: ".o_data_row:contains('W-1'):contains('Tour Ward')" },
    ],
});
