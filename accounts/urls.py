"""Addresses of accounts. What begins with /join/, /api/ and /organisations/ has a door of its own (middleware)."""

from django.urls import path

from accounts.views import api_keys, audit, members, organisations, persons, roles, settings

urlpatterns = [
    path("i18n/setlang/", persons.choose_language, name="set_language"),
    path("profile/", persons.profile, name="profile"),
    path("join/<str:tenant_text>/<str:invitation_text>/<str:secret>/", persons.join, name="join"),
    path("organisations/", organisations.organisations, name="organisations"),
    path("organisations/new/", organisations.organisation_new, name="organisation_new"),
    path("organisations/switch/", organisations.organisation_switch, name="switch_organisation"),
    path("settings/", settings.settings, name="settings"),
    path("settings/organisation/", organisations.organisation, name="organisation"),
    path("settings/sending-hours/", organisations.sending_hours, name="sending_hours"),
    path("settings/clock/", organisations.sandbox, name="sandbox"),
    path("settings/clock/next-day/", organisations.sandbox_next_day, name="sandbox_next_day"),
    path("settings/clock/set/", organisations.sandbox_set, name="sandbox_set"),
    path("settings/members/", members.members, name="members"),
    path("settings/members/invite/", members.member_invite, name="member_invite"),
    path("settings/members/<uuid:member_id>/", members.member, name="member"),
    path("settings/members/<uuid:member_id>/deactivate/", members.member_deactivate, name="member_deactivate"),
    path("settings/invitations/<uuid:invitation_id>/resend/", members.invitation_resend, name="invitation_resend"),
    path(
        "settings/invitations/<uuid:invitation_id>/withdraw/", members.invitation_withdraw, name="invitation_withdraw"
    ),
    path("settings/roles/", roles.roles, name="roles"),
    path("settings/roles/new/", roles.role_new, name="role_new"),
    path("settings/roles/<uuid:role_id>/", roles.role, name="role"),
    path("settings/roles/<uuid:role_id>/copy/", roles.role_copy, name="role_copy"),
    path("settings/roles/<uuid:role_id>/delete/", roles.role_delete, name="role_delete"),
    path("settings/api-keys/", api_keys.api_keys, name="api_keys"),
    path("settings/api-keys/new/", api_keys.api_key_new, name="api_key_new"),
    path("settings/api-keys/<uuid:key_id>/revoke/", api_keys.api_key_revoke, name="api_key_revoke"),
    path("settings/audit/", audit.audit, name="audit"),
]
