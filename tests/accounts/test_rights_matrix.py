"""Who may open which address, written out: a new address fails here until somebody has decided, row by row.

Pages are asked as members, API routes ("GET api/v1/...") with keys. `x`: may; `.`: 403.
"""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.authentication import needed
from accounts.roles import Can
from accounts.services.api_keys import create_api_key
from accounts.services.roles import create_role
from core.audit import SYSTEM
from core.tenancy import tenant_scope
from tests.accounts.conftest import call, signed_in
from tests.accounts.makers import API_ROWS, MAKERS, WORDS, arguments_of
from tests.make import make_member
from tests.routes import Route, routes

# The default roles, and one of an organisation's own.
ROLES = ("cfo", "credit_manager", "collector", "sales", "dispute_resolver", "auditor", "admin", "clerk")
CLERK = {Can.MANAGE_MEMBERS, Can.VIEW_AUDIT, Can.LOG_CALLS, Can.VIEW_CUSTOMERS}

MATRIX = """
page                                            cfo   cm coll sale disp  aud  adm clrk
home                                              x    x    x    x    x    x    x    x
sandbox                                           x    x    x    x    x    x    x    x
sandbox_next_day                                  x    x    x    x    x    x    x    x
sandbox_set                                       .    .    .    .    .    .    x    .
organisation                                      .    .    .    .    .    .    x    .
sending_hours                                     .    .    .    .    .    .    x    .
members                                           .    .    .    .    .    .    x    x
member_invite                                     .    .    .    .    .    .    x    x
member                                            .    .    .    .    .    .    x    x
member_deactivate                                 .    .    .    .    .    .    x    x
invitation_resend                                 .    .    .    .    .    .    x    x
invitation_withdraw                               .    .    .    .    .    .    x    x
roles                                             .    .    .    .    .    .    x    .
role_new                                          .    .    .    .    .    .    x    .
role                                              .    .    .    .    .    .    x    .
role_copy                                         .    .    .    .    .    .    x    .
role_delete                                       .    .    .    .    .    .    x    .
api_keys                                          .    .    .    .    .    .    x    .
api_key_new                                       .    .    .    .    .    .    x    .
api_key_revoke                                    .    .    .    .    .    .    x    .
audit                                             x    x    .    .    .    x    x    x
tasks                                             x    x    x    x    x    x    x    x
task_done                                         x    x    x    x    x    x    x    x
worklist                                          x    x    x    .    .    x    x    .
actions_confirm                                   .    x    x    .    .    .    x    .
action                                            x    x    x    .    .    x    x    .
action_enclosure                                  x    x    x    .    .    x    x    .
action_message                                    x    x    x    .    .    x    x    .
action_letter                                     x    x    x    .    .    x    x    .
action_confirm                                    .    x    x    .    .    .    x    .
action_skip                                       .    x    x    .    .    .    x    .
action_postpone                                   .    x    x    .    .    .    x    .
action_undo                                       .    x    x    .    .    .    x    .
notice_settings                                   x    x    .    .    .    .    x    .
my_notices                                        x    x    x    x    x    x    x    x
customer_notices                                  x    x    x    x    .    x    x    x
statement_new                                     x    x    x    x    .    x    x    .
statement_file                                    x    x    x    x    .    x    x    .
call_new                                          .    x    x    .    .    .    x    x
call_undo                                         .    x    x    .    .    .    x    x
note_new                                          .    x    x    .    .    .    x    x
follow_up                                         x    x    x    .    .    x    x    .
follow_up_done                                    .    x    x    .    .    .    x    x
follow_up_later                                   .    x    x    .    .    .    x    x
day_promise                                       x    x    x    .    .    x    x    .
promise_seen                                      .    x    x    .    .    .    x    .
day_task                                          x    x    x    .    .    x    x    .
day_task_done                                     x    x    x    .    .    x    x    .
day_alert                                         x    x    x    .    .    x    x    .
day_review                                        x    x    x    .    .    x    x    .
day_alert_seen                                    x    x    x    .    .    .    x    .
day_alert_later                                   x    x    x    .    .    .    x    .
review_done                                       x    x    x    .    .    .    x    .
review_later                                      x    x    x    .    .    .    x    .
review_new                                        x    x    x    .    .    .    x    .
reviews_done                                      x    x    x    .    .    .    x    .
reviews_later                                     x    x    x    .    .    .    x    .
day_undo                                          x    x    x    .    .    x    x    .
escalation_new                                    .    x    x    .    .    .    x    x
escalation_answer                                 .    x    .    .    .    .    x    .
absences                                          x    x    x    x    x    x    x    x
absence_end                                       x    x    x    x    x    x    x    x
my_disputes                                       .    x    x    x    x    .    x    .
dispute_reasons                                   x    x    .    .    .    .    x    .
dispute_reason_new                                x    x    .    .    .    .    x    .
dispute_reason                                    x    x    .    .    .    .    x    .
dispute                                           x    x    x    x    x    x    x    .
dispute_assign                                    .    x    x    x    .    .    x    .
dispute_answer_here                               .    x    x    x    x    .    x    .
dispute_resolve                                   .    x    x    x    .    .    x    .
dispute_comment                                   .    x    x    x    x    .    x    .
dispute_attach                                    .    x    x    x    x    .    x    .
dispute_file                                      x    x    x    x    x    x    x    .
claims                                            x    x    x    x    .    x    x    .
claims_new                                        .    x    x    .    .    .    x    .
claims_waive                                      .    x    .    .    .    .    x    .
claims_paid                                       .    x    x    .    .    .    x    .
claim                                             x    x    x    x    .    x    x    .
claim_annex                                       x    x    x    x    .    x    x    .
item_status_set                                   .    x    x    .    .    .    x    .
item_cause_set                                    .    x    x    .    .    .    x    .
status_codes                                      x    x    .    .    .    .    x    .
status_code_new                                   x    x    .    .    .    .    x    .
status_code                                       x    x    .    .    .    .    x    .
causes                                            x    x    .    .    .    .    x    .
cause_new                                         x    x    .    .    .    .    x    .
cause                                             x    x    .    .    .    .    x    .
cause_rule_new                                    x    x    .    .    .    .    x    .
cause_rule                                        x    x    .    .    .    .    x    .
cause_statistics                                  x    x    x    x    .    x    x    .
late_items                                        x    x    x    x    .    x    x    .
replies                                           x    x    x    .    .    x    x    .
reply                                             x    x    x    .    .    x    x    .
reply_file                                        x    x    x    .    .    x    x    .
reply_raw                                         x    x    x    .    .    x    x    .
reply_assign                                      .    x    x    .    .    .    x    .
reply_done                                        .    x    x    .    .    .    x    .
reply_accept                                      .    x    x    .    .    .    x    .
reply_dismiss                                     .    x    x    .    .    .    x    .
reply_answer                                      .    x    x    .    .    .    x    .
reply_rules                                       x    x    .    .    .    .    x    .
delivery_stops                                    x    x    x    x    .    x    x    .
delivery_stop                                     x    x    x    x    .    x    x    .
delivery_stop_decide                              x    x    .    .    .    .    x    .
delivery_stop_end                                 .    x    x    .    .    .    x    .
delivery_stop_new                                 .    x    x    .    .    .    x    .
formal_notices                                    x    x    x    x    .    x    x    .
formal_notice                                     x    x    x    x    .    x    x    .
formal_notice_decide                              x    x    .    .    .    .    x    .
formal_notice_new                                 .    x    x    .    .    .    x    .
notices_to_ask                                    x    x    x    .    .    x    x    .
formal_notices_ask                                .    x    x    .    .    .    x    .
customers_notices_ask                             .    x    x    .    .    .    x    .
formal_notices_read                               x    x    .    .    .    .    x    .
formal_notices_approve                            x    x    .    .    .    .    x    .
write_offs                                        x    x    x    x    .    x    x    .
write_offs_new                                    .    x    x    .    .    .    x    .
write_off                                         x    x    x    x    .    x    x    .
write_off_decide                                  x    x    .    .    .    .    x    .
write_off_withdraw                                .    x    x    .    .    .    x    .
terminal_settings                                 .    .    .    .    .    .    x    .
write_off_limit                                   .    .    .    .    .    .    x    .
legal_cases                                       x    x    x    x    .    x    x    .
legal_case_new                                    .    x    x    .    .    .    x    .
legal_case                                        x    x    x    x    .    x    x    .
dossier_make                                      .    x    x    .    .    .    x    .
dossier_state                                     x    x    x    x    .    x    x    .
dossier                                           x    x    x    x    .    x    x    .
legal_case_agency                                 x    x    x    .    .    .    x    .
legal_case_refuse                                 x    x    .    .    .    .    x    .
legal_case_hand_over                              x    x    .    .    .    .    x    .
legal_case_withdraw                               .    x    x    .    .    .    x    .
legal_case_close                                  x    x    .    .    .    .    x    .
legal_cost_new                                    .    x    x    .    .    .    x    .
agencies                                          x    x    .    .    .    .    x    .
agency_new                                        x    x    .    .    .    .    x    .
agency                                            x    x    .    .    .    .    x    .
provision                                         x    x    x    x    .    x    x    .
provision_rates                                   x    x    .    .    .    .    x    .
provision_override                                x    x    .    .    .    .    x    .
holds                                             x    x    x    x    .    x    x    .
law                                               x    x    .    .    .    .    x    .
rate_new                                          x    x    .    .    .    .    x    .
late_terms_new                                    x    x    .    .    .    .    x    .
items_pin                                         x    x    .    .    .    .    x    .
item_scenario                                     x    x    x    .    .    x    x    .
scenarios                                         x    x    .    .    .    .    x    .
scenario                                          x    x    .    .    .    .    x    .
scenario_new                                      x    x    .    .    .    .    x    .
scenario_rename                                   x    x    .    .    .    .    x    .
scenario_edit                                     x    x    .    .    .    .    x    .
scenario_publish                                  x    x    .    .    .    .    x    .
scenario_discard                                  x    x    .    .    .    .    x    .
scenario_archive                                  x    x    .    .    .    .    x    .
scenario_replay                                   x    x    .    .    .    .    x    .
scenario_message                                  x    x    .    .    .    .    x    .
scenario_try                                      x    x    .    .    .    .    x    .
trial                                             x    x    .    .    .    .    x    .
trial_stop                                        x    x    .    .    .    .    x    .
assignment_rules                                  x    x    .    .    .    .    x    .
customer_scenario                                 x    x    .    .    .    .    x    .
customer_scenario_end                             x    x    .    .    .    .    x    .
go_live                                           x    x    .    .    .    .    x    .
templates                                         x    x    x    .    .    x    x    .
template_new                                      .    x    .    .    .    .    x    .
template                                          x    x    x    .    .    x    x    .
template_save                                     .    x    .    .    .    .    x    .
template_preview                                  x    x    x    .    .    x    x    .
template_frame                                    x    x    x    .    .    x    x    .
template_pdf                                      x    x    x    .    .    x    x    .
template_test                                     .    x    .    .    .    .    x    .
template_history                                  x    x    x    .    .    x    x    .
template_restore                                  .    x    .    .    .    .    x    .
imports                                           .    x    .    .    .    .    x    .
import_new                                        .    x    .    .    .    .    x    .
import                                            .    x    .    .    .    .    x    .
import_mapping                                    .    x    .    .    .    .    x    .
import_apply                                      .    x    .    .    .    .    x    .
import_stop                                       .    x    .    .    .    .    x    .
import_undo                                       .    x    .    .    .    .    x    .
import_errors                                     .    x    .    .    .    .    x    .

home_trend                                        x    x    x    x    .    x    x    .
settings                                          x    x    x    x    x    x    x    x
search                                            x    x    x    x    x    x    x    x
customers                                         x    x    x    x    .    x    x    x
customers_assign                                  .    x    x    .    .    .    x    .
customer_holds_new                                .    x    x    .    .    .    x    .
promise_new                                       .    x    x    .    .    .    x    .
plan_new                                          .    x    x    .    .    .    x    .
dispute_new                                       .    x    x    x    .    .    x    .
contact_new                                       .    x    x    .    .    .    x    .
identifiers                                       .    x    x    .    .    .    x    .
account_terms                                     .    x    x    .    .    .    x    .
contact                                           .    x    x    .    .    .    x    .
address                                           .    x    x    .    .    .    x    .
quality                                           .    x    x    .    .    .    x    .
items                                             x    x    x    x    .    x    x    .
holds_new                                         .    x    x    .    .    .    x    .
disputes_new                                      .    x    x    x    .    .    x    .
item                                              x    x    x    x    .    x    x    .
documents                                         x    x    x    x    .    x    x    .
document                                          x    x    x    x    .    x    x    .
document_files                                    x    x    x    x    .    x    x    .
document_file                                     x    x    x    x    .    x    x    .
orders                                            x    x    x    x    .    x    x    .
promises                                          x    x    x    x    .    x    x    .
promises_withdraw                                 .    x    x    .    .    .    x    .
promise_rules                                     x    x    .    .    .    .    x    .
disputes                                          x    x    x    x    .    x    x    .
disputes_close                                    .    x    x    x    x    .    x    .
holds_lift                                        .    x    x    .    .    .    x    .
cash                                              .    x    x    .    .    .    x    .
cash_match                                        .    x    x    .    .    .    x    .
cash_confirm                                      .    x    x    .    .    .    x    .
cash_refuse                                       .    x    x    .    .    .    x    .
cash_reverse                                      .    x    x    .    .    .    x    .
cash_aside                                        .    x    x    .    .    .    x    .
cash_take_up                                      .    x    x    .    .    .    x    .
cash_books                                        .    x    x    .    .    .    x    .
cash_exported                                     .    x    x    .    .    .    x    .
known_payers                                      .    x    x    .    .    .    x    .
payers_revoke                                     .    x    x    .    .    .    x    .
cash_line                                         .    x    x    .    .    .    x    .
cash_assign                                       .    x    x    .    .    .    x    .
cash_split                                        .    x    x    .    .    .    x    .
cash_rules                                        .    x    .    .    .    .    x    .
ageing                                            x    x    x    x    .    x    x    .
ageing_items                                      x    x    x    x    .    x    x    .
customer                                          x    x    x    x    .    x    x    x
customer_timeline                                 x    x    x    x    .    x    x    x
customer_profile                                  x    x    x    x    .    x    x    .
payer_classes                                     x    x    .    .    .    .    x    .
review_rules                                      x    x    .    .    .    .    x    .
alerts                                            x    x    x    .    .    x    x    .
alerts_acknowledge                                x    x    x    .    .    .    x    .
alerts_postpone                                   x    x    x    .    .    .    x    .
list_export                                       x    x    x    x    .    x    x    .
saved_view_new                                    x    x    x    x    x    x    x    x
saved_view_remove                                 x    x    x    x    x    x    x    x
export                                            x    x    x    x    x    x    x    x
export_stop                                       x    x    x    x    x    x    x    x
export_file                                       x    x    x    x    x    x    x    x
messages                                          x    x    x    .    .    x    x    .
message                                           x    x    x    .    .    x    x    .
message_body                                      x    x    x    .    .    x    x    .
message_file                                      x    x    x    .    .    x    x    .
message_pdf                                       x    x    x    .    .    x    x    .
message_receipt                                   .    x    x    .    .    .    x    .
message_decide                                    .    x    x    .    .    .    x    .
customer_preview                                  x    x    x    .    .    x    x    .
connections                                       .    x    .    .    .    .    x    .
connection_new                                    .    x    .    .    .    .    x    .
connection_switch                                 .    x    .    .    .    .    x    .
mailbox_new                                       .    x    .    .    .    .    x    .
mailbox_edit                                      .    x    .    .    .    .    x    .
mailbox_read                                      .    x    .    .    .    .    x    .
mailbox                                           x    x    x    .    .    x    x    .
mailbox_body                                      x    x    x    .    .    x    x    .

GET api/v1/entities/                              x    x    x    x    .    x    x    x
GET api/v1/customers/                             x    x    x    x    .    x    x    x
POST api/v1/customers/bulk/                       .    x    x    .    .    .    x    .
GET api/v1/customers/<uuid:id>/                   x    x    x    x    .    x    x    x
GET api/v1/accounts/                              x    x    x    x    .    x    x    x
GET api/v1/accounts/<uuid:id>/                    x    x    x    x    .    x    x    x
GET api/v1/contacts/                              x    x    x    x    .    x    x    x
POST api/v1/contacts/bulk/                        .    x    x    .    .    .    x    .
GET api/v1/contacts/<uuid:id>/                    x    x    x    x    .    x    x    x
GET api/v1/documents/                             x    x    x    x    .    x    x    .
GET api/v1/documents/<uuid:id>/                   x    x    x    x    .    x    x    .
GET api/v1/items/                                 x    x    x    x    .    x    x    .
POST api/v1/items/bulk/                           .    x    .    .    .    .    x    .
GET api/v1/items/<uuid:id>/                       x    x    x    x    .    x    x    .
GET api/v1/orders/                                x    x    x    x    .    x    x    .
POST api/v1/orders/bulk/                          .    x    .    .    .    .    x    .
GET api/v1/orders/<uuid:id>/                      x    x    x    x    .    x    x    .
GET api/v1/allocations/                           x    x    x    x    .    x    x    .
GET api/v1/allocations/<uuid:id>/                 x    x    x    x    .    x    x    .
GET api/v1/ageing/                                x    x    x    x    .    x    x    .
GET api/v1/profiles/                              x    x    x    x    .    x    x    .
GET api/v1/profiles/<uuid:id>/                    x    x    x    x    .    x    x    .
GET api/v1/reviews/                               x    x    x    .    .    x    x    .
GET api/v1/reviews/<uuid:id>/                     x    x    x    .    .    x    x    .
POST api/v1/reviews/                              x    x    x    .    .    .    x    .
POST api/v1/reviews/<uuid:id>/done/               x    x    x    .    .    .    x    .
POST api/v1/reviews/<uuid:id>/move/               x    x    x    .    .    .    x    .
GET api/v1/disputes/                              x    x    x    x    .    x    x    .
POST api/v1/disputes/                             .    x    x    x    .    .    x    .
GET api/v1/disputes/<uuid:id>/                    x    x    x    x    .    x    x    .
POST api/v1/disputes/<uuid:id>/close/             .    x    x    x    .    .    x    .
GET api/v1/promises/                              x    x    x    x    .    x    x    .
POST api/v1/promises/                             .    x    x    .    .    .    x    .
GET api/v1/promises/<uuid:id>/                    x    x    x    x    .    x    x    .
POST api/v1/promises/<uuid:id>/withdraw/          .    x    x    .    .    .    x    .
POST api/v1/promises/plan/                        .    x    x    .    .    .    x    .
GET api/v1/bank-lines/                            .    x    x    .    .    .    x    .
GET api/v1/bank-lines/<uuid:id>/                  .    x    x    .    .    .    x    .
POST api/v1/bank-lines/<uuid:id>/confirm/         .    x    x    .    .    .    x    .
POST api/v1/bank-lines/<uuid:id>/refuse/          .    x    x    .    .    .    x    .
POST api/v1/bank-lines/<uuid:id>/split/           .    x    x    .    .    .    x    .
POST api/v1/bank-lines/<uuid:id>/assign/          .    x    x    .    .    .    x    .
POST api/v1/bank-lines/<uuid:id>/set_aside/       .    x    x    .    .    .    x    .
POST api/v1/bank-lines/<uuid:id>/reverse/         .    x    x    .    .    .    x    .
GET api/v1/cash-allocations/                      .    x    x    .    .    .    x    .
GET api/v1/cash-allocations/<uuid:id>/            .    x    x    .    .    .    x    .
POST api/v1/cash-allocations/<uuid:id>/exported/    .    x    x    .    .    .    x    .
GET api/v1/holds/                                 x    x    x    x    .    x    x    .
POST api/v1/holds/                                .    x    x    .    .    .    x    .
GET api/v1/holds/<uuid:id>/                       x    x    x    x    .    x    x    .
POST api/v1/holds/<uuid:id>/lift/                 .    x    x    .    .    .    x    .
GET api/v1/actions/                               x    x    x    .    .    x    x    .
GET api/v1/actions/<uuid:id>/                     x    x    x    .    .    x    x    .
POST api/v1/actions/confirm/                      .    x    x    .    .    .    x    .
POST api/v1/actions/<uuid:id>/confirm/            .    x    x    .    .    .    x    .
POST api/v1/actions/<uuid:id>/postpone/           .    x    x    .    .    .    x    .
POST api/v1/actions/<uuid:id>/skip/               .    x    x    .    .    .    x    .
POST api/v1/actions/<uuid:id>/undo/               .    x    x    .    .    .    x    .
POST api/v1/actions/<uuid:id>/call/               .    x    x    .    .    .    x    .
GET api/v1/claims/                                x    x    x    x    .    x    x    .
POST api/v1/claims/                               .    x    x    .    .    .    x    .
GET api/v1/claims/<uuid:id>/                      x    x    x    x    .    x    x    .
POST api/v1/claims/<uuid:id>/paid/                .    x    x    .    .    .    x    .
POST api/v1/claims/<uuid:id>/waive/               .    x    .    .    .    .    x    .
GET api/v1/status-codes/                          x    x    x    x    .    x    x    .
GET api/v1/status-codes/<uuid:id>/                x    x    x    x    .    x    x    .
POST api/v1/status-codes/                         x    x    .    .    .    .    x    .
PUT api/v1/status-codes/<uuid:id>/                x    x    .    .    .    .    x    .
POST api/v1/status-codes/<uuid:id>/retire/        x    x    .    .    .    .    x    .
GET api/v1/causes/                                x    x    x    x    .    x    x    .
GET api/v1/causes/<uuid:id>/                      x    x    x    x    .    x    x    .
POST api/v1/causes/                               x    x    .    .    .    .    x    .
PUT api/v1/causes/<uuid:id>/                      x    x    .    .    .    .    x    .
POST api/v1/causes/<uuid:id>/retire/              x    x    .    .    .    .    x    .
GET api/v1/item-statuses/                         x    x    x    x    .    x    x    .
GET api/v1/item-statuses/<uuid:id>/               x    x    x    x    .    x    x    .
POST api/v1/item-statuses/                        .    x    x    .    .    .    x    .
POST api/v1/item-statuses/clear/                  .    x    x    .    .    .    x    .
GET api/v1/item-causes/                           x    x    x    x    .    x    x    .
GET api/v1/item-causes/<uuid:id>/                 x    x    x    x    .    x    x    .
POST api/v1/item-causes/                          .    x    x    .    .    .    x    .
POST api/v1/item-causes/clear/                    .    x    x    .    .    .    x    .
GET api/v1/delivery-stops/                        x    x    x    x    .    x    x    .
GET api/v1/delivery-stops/<uuid:id>/              x    x    x    x    .    x    x    .
POST api/v1/delivery-stops/                       .    x    x    .    .    .    x    .
POST api/v1/delivery-stops/<uuid:id>/decide/      x    x    .    .    .    .    x    .
POST api/v1/delivery-stops/<uuid:id>/end/         x    x    .    .    .    .    x    .
GET api/v1/write-offs/                            x    x    x    x    .    x    x    .
GET api/v1/write-offs/<uuid:id>/                  x    x    x    x    .    x    x    .
POST api/v1/write-offs/                           .    x    x    .    .    .    x    .
GET api/v1/write-offs/<uuid:id>/lines/            x    x    x    x    .    x    x    .
GET api/v1/legal-cases/                           x    x    x    x    .    x    x    .
GET api/v1/legal-cases/<uuid:id>/                 x    x    x    x    .    x    x    .
POST api/v1/legal-cases/                          .    x    x    .    .    .    x    .
POST api/v1/legal-cases/<uuid:id>/dossier/        .    x    x    .    .    .    x    .
POST api/v1/legal-cases/<uuid:id>/agency/         x    x    x    .    .    .    x    .
POST api/v1/legal-cases/<uuid:id>/hand-over/      x    x    .    .    .    .    x    .
POST api/v1/legal-cases/<uuid:id>/refuse/         x    x    .    .    .    .    x    .
POST api/v1/legal-cases/<uuid:id>/withdraw/       .    x    x    .    .    .    x    .
POST api/v1/legal-cases/<uuid:id>/close/          x    x    .    .    .    .    x    .
GET api/v1/legal-cases/<uuid:id>/costs/           x    x    x    x    .    x    x    .
POST api/v1/legal-cases/<uuid:id>/costs/          .    x    x    .    .    .    x    .
GET api/v1/legal-cases/<uuid:id>/recoveries/      x    x    x    x    .    x    x    .
GET api/v1/formal-notices/                        x    x    x    x    .    x    x    .
GET api/v1/formal-notices/<uuid:id>/              x    x    x    x    .    x    x    .
POST api/v1/formal-notices/                       .    x    x    .    .    .    x    .
POST api/v1/formal-notices/<uuid:id>/decide/      x    x    .    .    .    .    x    .
GET api/v1/agencies/                              x    x    x    x    .    x    x    .
GET api/v1/agencies/<uuid:id>/                    x    x    x    x    .    x    x    .
POST api/v1/agencies/                             x    x    .    .    .    .    x    .
PUT api/v1/agencies/<uuid:id>/                    x    x    .    .    .    .    x    .
GET api/v1/provision/                             x    x    x    x    .    x    x    .
GET api/v1/questions/                             x    x    x    .    .    x    x    .
GET api/v1/questions/<uuid:id>/                   x    x    x    .    .    x    x    .
POST api/v1/questions/                            .    x    x    .    .    .    x    .
POST api/v1/questions/<uuid:id>/answer/           .    x    .    .    .    .    x    .
GET api/v1/absences/                              .    .    .    .    .    .    x    x
GET api/v1/absences/<uuid:id>/                    .    .    .    .    .    .    x    x
POST api/v1/absences/                             .    .    .    .    .    .    x    x
DELETE api/v1/absences/<uuid:id>/                 .    .    .    .    .    .    x    x
GET api/v1/statements/                            x    x    x    x    .    x    x    .
GET api/v1/statements/pdf/                        x    x    x    x    .    x    x    .
GET api/v1/statements/xlsx/                       x    x    x    x    .    x    x    .
POST api/v1/statements/                           .    x    x    .    .    .    x    .
GET api/v1/messages/                              x    x    x    .    .    x    x    .
GET api/v1/messages/<uuid:id>/                    x    x    x    .    .    x    x    .
GET api/v1/replies/                               x    x    x    .    .    x    x    .
GET api/v1/replies/<uuid:id>/                     x    x    x    .    .    x    x    .
GET api/v1/imports/                               .    x    .    .    .    .    x    .
POST api/v1/imports/                              .    x    .    .    .    .    x    .
GET api/v1/imports/<uuid:id>/                     .    x    .    .    .    .    x    .
POST api/v1/imports/<uuid:id>/apply/              .    x    .    .    .    .    x    .
POST api/v1/imports/<uuid:id>/check/              .    x    .    .    .    .    x    .
GET api/v1/imports/<uuid:id>/errors/              .    x    .    .    .    .    x    .
GET api/v1/imports/<uuid:id>/mapping/             .    x    .    .    .    .    x    .
PUT api/v1/imports/<uuid:id>/mapping/             .    x    .    .    .    .    x    .
POST api/v1/imports/<uuid:id>/stop/               .    x    .    .    .    .    x    .
POST api/v1/imports/<uuid:id>/undo/               .    x    .    .    .    .    x    .
"""

# Open to everybody, each with its reason.
PUBLIC = {
    "health": "load balancers ask it; it says nothing about the inside",
    "set_theme": "a choice between light and dark, kept in a cookie",
    "set_language": "a choice of language, kept in a cookie and for the person signed in",
    "join": "opened by the secret in its address",
    "dispute_answer": "opened by the signature in its address, which names one dispute and one colleague",
    "upload": "opened by the secret of a connection, which the view verifies",
    "mail_in": "opened by the secret of a connection, which the view verifies",
    "mail_in_from": "opened by the secret of a connection, which the view verifies",
    "openapi": "the description of the API, the same for everybody",
    "api_docs": "the page of that description",
    "^api/": "every other address of the API: 404",
}
PUBLIC_PREFIXES = {"account/": "allauth's pages: signing in, and one's own password, second factor and sessions"}
# For every signed-in person, member of an organisation or not.
FOR_PERSONS = {
    "profile": "one's own name and language",
    "organisations": "which organisations one may enter",
    "organisation_new": "whoever creates an organisation is its administrator",
    "switch_organisation": "asks itself whether the person may enter",
    "sample": "what the sample company is, and the sandboxes that the person administers",
    "sample_load": "makes the person an organisation of their own",
    "sample_remove": "asks itself whether the person administers it",
}


def table() -> dict[str, dict[str, bool]]:
    """Row name -> role -> may."""
    out = {}
    for line in MATRIX.strip().splitlines()[1:]:
        if line.strip():
            *name, marks = line[: -5 * len(ROLES)].strip(), line[-5 * len(ROLES) :].split()
            assert len(marks) == len(ROLES), line
            assert set(marks) <= {"x", "."}, line
            out[name[0].strip()] = dict(zip(ROLES, (mark == "x" for mark in marks), strict=True))
    return out


TABLE = table()


def is_open(route: Route) -> bool:
    return route.name in PUBLIC or route.pattern.startswith(tuple(PUBLIC_PREFIXES))


def rows_of(route: Route) -> list[str]:
    """The rows of the table in which the route stands: a page in one, an API route in one for each method."""
    if not route.is_api:
        return [route.name]
    return [f"{method.upper()} {route.pattern}" for method in route.api_actions]


# Addresses that nobody decided about yet are named by one test and left out of the others.
GUARDED = [route for route in routes() if not is_open(route) and route.name not in FOR_PERSONS]
PAGES = [route for route in GUARDED if not route.is_api]
CALLS = [(route, method) for route in GUARDED if route.is_api for method in route.api_actions]


# --- The lists -------------------------------------------------------------------------------------------------------


def test_every_address_stands_in_the_table_or_in_a_list_with_its_reason():
    undecided = [row for route in GUARDED for row in rows_of(route) if row not in TABLE]
    assert undecided == []


def test_the_table_and_the_lists_name_only_addresses_that_exist():
    known = {row for route in routes() for row in (route.name, *rows_of(route))}
    assert [row for row in (*TABLE, *PUBLIC, *FOR_PERSONS) if row not in known] == []


def test_every_guarded_page_names_its_capabilities_and_every_page_for_persons_says_so():
    assert [route.name for route in PAGES if not hasattr(route.view, "capabilities")] == []
    persons = [route for route in routes() if route.name in FOR_PERSONS]
    assert [route.name for route in persons if not getattr(route.view, "for_persons", False)] == []


def test_every_api_action_names_its_capabilities():
    undeclared = [f"{method.upper()} {route.pattern}" for route, method in CALLS if _needed(route, method) is None]
    assert undeclared == []


def _needed(route: Route, method: str):
    return needed(route.view.cls, route.api_actions[method])


def test_every_argument_of_an_address_has_a_maker():
    named = {(route.pattern, name) for route in GUARDED for name in route.arguments}
    unmade = [
        f"{name} in {pattern}"
        for pattern, name in sorted(named)
        if name not in MAKERS and name not in WORDS and not (name == "id" and pattern.split("/")[2] in API_ROWS)
    ]
    assert unmade == []


# --- Asking ----------------------------------------------------------------------------------------------------------


@pytest.fixture(params=ROLES)
def asker(request, organisation):
    """(member, key) of one role."""
    with tenant_scope(organisation):
        if request.param == "clerk":
            create_role(name="Clerk", capabilities=CLERK, actor=SYSTEM)
        member = make_member(role=request.param)
        key = create_api_key(name="K", role_id=member.role_id, portfolio_of=member.id, actor=SYSTEM).text
    return member, key


def test_each_role_opens_what_the_table_says_and_nothing_else(organisation, asker):
    member, key = asker
    role, browser = member.role.code, signed_in(member)
    surprises = []
    for route in GUARDED:
        with tenant_scope(organisation):
            path = route.path(**arguments_of(route, member))
        if route.is_api:
            for method in route.api_actions:
                row = f"{method.upper()} {route.pattern}"
                status = call(key, method, path).status_code
                surprises += _surprise(row, role, "call", status)
        else:
            surprises += _surprise(route.name, role, "GET", browser.get(path).status_code)
            if not TABLE.get(route.name, {}).get(role) and (status := browser.post(path).status_code) != 405:
                surprises += _surprise(route.name, role, "POST", status)
    assert surprises == []


def _surprise(row: str, role: str, what: str, status: int) -> list[str]:
    if row not in TABLE:
        return []
    may = TABLE[row][role]
    fits = status == 403 if not may else status not in (401, 403) and status < 500
    return [] if fits else [f"{what} {row} as {role}: {status}, but the table says {'may' if may else 'may not'}"]


def somebody(organisation):
    with tenant_scope(organisation):
        return make_member(role="admin")


def test_a_stranger_is_sent_to_the_sign_in_page(organisation):
    stranger, surprises, member = Client(), [], somebody(organisation)
    persons = [route for route in routes() if route.name in FOR_PERSONS]
    for route in [*PAGES, *persons]:
        with tenant_scope(organisation):
            path = route.path(**arguments_of(route, member))
        for answer in (stranger.get(path), stranger.post(path)):
            if answer.status_code != 302 or not answer.url.startswith(reverse("account_login")):
                surprises.append(f"{route.name}: {answer.status_code}")
    assert surprises == []


def test_a_call_without_a_key_is_a_401(organisation):
    surprises, member = [], somebody(organisation)
    for route, method in CALLS:
        with tenant_scope(organisation):
            path = route.path(**arguments_of(route, member))
        status = call("", method, path).status_code
        if status != 401:
            surprises.append(f"{method.upper()} {route.pattern}: {status}")
    assert surprises == []


def test_a_person_in_no_organisation_is_sent_to_choose_one(stranger, organisation):
    surprises, member = [], somebody(organisation)
    for route in PAGES:
        with tenant_scope(organisation):
            path = route.path(**arguments_of(route, member))
        answer = stranger.get(path)
        if (answer.status_code, getattr(answer, "url", "")) != (302, reverse("organisations")):
            surprises.append(f"{route.name}: {answer.status_code}")
    assert surprises == []
