"""Addresses of the day's work and of scenarios."""

from django.urls import path

from collection.views import claims, disputes, interactions, law, preview, rules, scenarios, worklist

urlpatterns = [
    path("collections/", worklist.day, name="worklist"),
    path("collections/actions/confirm/", worklist.bulk_confirm, name="actions_confirm"),
    path("collections/actions/<uuid:action_id>/", worklist.action_panel, name="action"),
    path("collections/actions/<uuid:action_id>/message/", worklist.action_message, name="action_message"),
    path("collections/actions/<uuid:action_id>/confirm/", worklist.action_confirm, name="action_confirm"),
    path("collections/actions/<uuid:action_id>/skip/", worklist.action_skip, name="action_skip"),
    path("collections/actions/<uuid:action_id>/postpone/", worklist.action_postpone, name="action_postpone"),
    path("collections/actions/<uuid:action_id>/undo/", worklist.action_undo, name="action_undo"),
    path("collections/customers/<uuid:customer_id>/call/", interactions.call_new, name="call_new"),
    path("collections/customers/<uuid:customer_id>/note/", interactions.note_new, name="note_new"),
    path("collections/customers/<uuid:customer_id>/preview/", preview.customer_preview, name="customer_preview"),
    path("collections/follow-ups/<uuid:interaction_id>/done/", interactions.follow_up_done, name="follow_up_done"),
    path("collections/claims/", claims.claim_list, name="claims"),
    path("collections/claims/new/", claims.claims_new, name="claims_new"),
    path("collections/claims/waive/", claims.claims_waive, name="claims_waive"),
    path("collections/claims/paid/", claims.claims_paid, name="claims_paid"),
    path("collections/claims/<uuid:claim_id>/", claims.claim, name="claim"),
    path("collections/claims/<uuid:claim_id>/annex/", claims.claim_annex, name="claim_annex"),
    path("collections/disputes/", disputes.my_disputes, name="my_disputes"),
    path("collections/disputes/reasons/", disputes.dispute_reasons_page, name="dispute_reasons"),
    path("collections/disputes/reasons/new/", disputes.dispute_reason_new, name="dispute_reason_new"),
    path("collections/disputes/reasons/<uuid:reason_id>/", disputes.dispute_reason, name="dispute_reason"),
    path("collections/disputes/<uuid:dispute_id>/", disputes.dispute, name="dispute"),
    path("collections/disputes/<uuid:dispute_id>/assign/", disputes.dispute_assign, name="dispute_assign"),
    path("collections/disputes/<uuid:dispute_id>/answer/", disputes.dispute_answer_here, name="dispute_answer_here"),
    path("collections/disputes/<uuid:dispute_id>/close/", disputes.dispute_resolve, name="dispute_resolve"),
    path("collections/disputes/<uuid:dispute_id>/comment/", disputes.dispute_comment, name="dispute_comment"),
    path("collections/disputes/<uuid:dispute_id>/attach/", disputes.dispute_attach, name="dispute_attach"),
    path(
        "collections/disputes/<uuid:dispute_id>/files/<uuid:attachment_id>/", disputes.dispute_file, name="dispute_file"
    ),
    path("answer/<str:tenant_text>/<str:token>/", disputes.dispute_answer, name="dispute_answer"),
    path("collections/law/", law.law, name="law"),
    path("collections/law/rates/new/", law.rate_new, name="rate_new"),
    path("collections/law/terms/new/", law.late_terms_new, name="late_terms_new"),
    path("collections/scenarios/", scenarios.scenario_list, name="scenarios"),
    path("collections/scenarios/new/", scenarios.scenario_new, name="scenario_new"),
    path("collections/scenarios/rules/", rules.assignment_rules, name="assignment_rules"),
    path("collections/customers/<uuid:customer_id>/scenario/", rules.customer_scenario, name="customer_scenario"),
    path(
        "collections/customers/<uuid:customer_id>/scenario/end/",
        rules.customer_scenario_end,
        name="customer_scenario_end",
    ),
    path("collections/scenarios/<uuid:scenario_id>/", scenarios.scenario, name="scenario"),
    path("collections/scenarios/<uuid:scenario_id>/name/", scenarios.scenario_rename, name="scenario_rename"),
    path("collections/scenarios/<uuid:scenario_id>/edit/", scenarios.scenario_edit, name="scenario_edit"),
    path("collections/scenarios/<uuid:scenario_id>/publish/", scenarios.scenario_publish, name="scenario_publish"),
    path("collections/scenarios/<uuid:scenario_id>/discard/", scenarios.scenario_discard, name="scenario_discard"),
    path("collections/scenarios/<uuid:scenario_id>/archive/", scenarios.scenario_archive, name="scenario_archive"),
    path("collections/scenarios/<uuid:scenario_id>/go-live/", scenarios.go_live, name="go_live"),
]
