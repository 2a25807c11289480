"""Settings: every value that differs between installations comes from the environment, and from here only."""

import os
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlparse

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent

MODE = os.environ.get("ENCOURS_MODE", "production")
LOCAL = MODE == "local"
if MODE not in ("local", "production"):
    raise ImproperlyConfigured(f"ENCOURS_MODE is {MODE!r}; expected local or production")


def _required(name: str, why: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise ImproperlyConfigured(f"{name} is not set: {why}. (One machine, no servers of your own: use make demo.)")
    return value


def _database(url: str) -> dict[str, object]:
    """Django's dictionary of one postgresql:// address; ?host=/folder names a unix socket."""
    parts = urlparse(url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise ImproperlyConfigured("a database address must start with postgresql://")
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    return {
        "ENGINE": "core.tenancy.backend",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", None) or parts.hostname or "",
        "PORT": query.pop("port", None) or (str(parts.port) if parts.port else ""),
        "OPTIONS": query,
        "ATOMIC_REQUESTS": True,
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,  # a cursor WITH HOLD is refused under row-level security
    }


if LOCAL and not os.environ.get("DATABASE_URL"):
    from creditmgmt.local import data_dir, urls

    _urls = urls()
    DATABASE_URL, OWNER_DATABASE_URL, REDIS_URL = _urls.database_url, _urls.owner_database_url, _urls.redis_url
    DATA_DIR = data_dir()
else:
    DATABASE_URL = _required("DATABASE_URL", "the address of the database under the runtime role")
    OWNER_DATABASE_URL = os.environ.get("OWNER_DATABASE_URL", "")
    REDIS_URL = _required("REDIS_URL", "the address of Valkey or Redis")
    DATA_DIR = Path(os.environ.get("ENCOURS_DATA", "/var/lib/encours"))

DATABASES = {"default": _database(DATABASE_URL)}
if OWNER_DATABASE_URL:
    # Migrations only. Requests, tasks and commands use the runtime role, which owns nothing.
    DATABASES["owner"] = {**_database(OWNER_DATABASE_URL), "ATOMIC_REQUESTS": False, "CONN_MAX_AGE": 0}
RUNTIME_ROLE = os.environ.get("RUNTIME_ROLE", "encours_app")
TEST_DATABASE = os.environ.get("ENCOURS_TEST_DB", "test_encours")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

SECRET_KEY = os.environ.get("SECRET_KEY", "")
if not SECRET_KEY:
    if not LOCAL:
        SECRET_KEY = _required("SECRET_KEY", "a random text of 50 characters or more that signs sessions and links")
    SECRET_KEY = "local-mode-only-key-that-signs-nothing-outside-this-machine"  # noqa: S105
DEBUG = False
ALLOWED_HOSTS = [host for host in os.environ.get("ALLOWED_HOSTS", "").split(",") if host]
if not ALLOWED_HOSTS:
    ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"] if LOCAL else []
PORT = int(os.environ.get("PORT", "8000"))
BASE_URL = os.environ.get("BASE_URL", f"http://localhost:{PORT}" if LOCAL else "").rstrip("/")
if not BASE_URL:
    BASE_URL = _required("BASE_URL", "the address that links in messages start with, e.g. https://credit.example.com")
SECURE = BASE_URL.startswith("https://")

TENANT_MODEL = "accounts.Tenant"
AUTH_USER_MODEL = "accounts.User"

INSTALLED_APPS = [
    "core",
    "accounts",
    "receivables",
    "desk",
    "risk",
    "collection",
    "integrations",
    "reporting",
    "creditmgmt",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "axes",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "drf_standardized_errors",
    "django_filters",
    "django_htmx",
    # Not its own configuration, which would put Django's loader in the place of ours (core.folding).
    "django_cotton.apps.SimpleAppConfig",
    "csp",
]

MIDDLEWARE = [
    "core.rest_problems.ProblemMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "accounts.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "core.web.HtmxMiddleware",
    "accounts.middleware.TenantMiddleware",
    "core.web.RefusalMiddleware",
    "core.web.RenderMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "creditmgmt.urls"
WSGI_APPLICATION = "creditmgmt.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "core.web.shell",
            ],
            "loaders": [
                (
                    "core.folding.Loader",
                    [
                        "django_cotton.cotton_loader.Loader",
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "builtins": ["django_cotton.templatetags.cotton"],
        },
    }
]
COTTON_DIR = "cotton"
NAVIGATION = "creditmgmt.navigation"

# Sign-in. allauth owns the pages; axes counts the failures.
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
SILENCED_SYSTEM_CHECKS = ["auth.W004"]  # the address is unique by a constraint on lower(email)
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if SECURE else "http"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Encours"
MFA_ADAPTER = "accounts.adapter.MFAAdapter"
# Second-factor codes; passwords have limits of their own (accounts.adapter and axes).
ACCOUNT_RATE_LIMITS = {"login_failed": "30/m/ip,10/15m/key"}
USERSESSIONS_TRACK_ACTIVITY = False
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_HTTP_RESPONSE_CODE = 429
AXES_LOCKOUT_CALLABLE = "accounts.adapter.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_USERNAME_FORM_FIELD = "login"
AXES_USERNAME_CALLABLE = "accounts.adapter.sign_in_name"
AXES_CLIENT_IP_CALLABLE = "accounts.adapter.client_address"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

SESSION_COOKIE_NAME = "__Host-session" if SECURE else "session"
SESSION_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 3600
SESSION_SAVE_EVERY_REQUEST = False
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "csrf"
CSRF_COOKIE_SECURE = SECURE
CSRF_COOKIE_HTTPONLY = True
CSRF_USE_SESSIONS = False
CSRF_TRUSTED_ORIGINS = [BASE_URL] if SECURE else []
CSRF_FAILURE_VIEW = "core.web.csrf_failure"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
SECURE_HSTS_SECONDS = 31536000 if SECURE else 0
SECURE_SSL_REDIRECT = False
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("fr", _("French"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_NAME = "language"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = Path(os.environ.get("STATIC_ROOT", BASE_DIR / "staticfiles"))
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = LOCAL
WHITENOISE_AUTOREFRESH = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": DATA_DIR / "files"}},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if LOCAL
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
SPOOL_DIR = DATA_DIR / "spool"
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024

CACHES = {"default": {"BACKEND": "core.cache.Cache", "LOCATION": REDIS_URL}}

# Mail goes out through one address; in local mode that is the demo mailbox on this machine.
EMAIL_URL = os.environ.get("EMAIL_URL", "") or (f"smtp://localhost:{PORT + 25}" if LOCAL else "")
_mail = urlparse(EMAIL_URL)
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = _mail.hostname or ""
EMAIL_PORT = _mail.port or 25
EMAIL_HOST_USER = unquote(_mail.username or "")
EMAIL_HOST_PASSWORD = unquote(_mail.password or "")
EMAIL_USE_TLS = "tls=1" in _mail.query
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = os.environ.get("DEFAULT_FROM_EMAIL", "Encours <no-reply@encours.example>")
# Whether that address is the demo mailbox: the only server that a sandbox's mail may be given to.
DEMO_MAILBOX = LOCAL and not os.environ.get("EMAIL_URL")
# How long a worker may hold a message before another takes it over, and how long a refused one waits, each time.
OUTBOX_LEASE_SECONDS = 120
OUTBOX_RETRY_SECONDS = (60, 300, 1800, 14400)
# Hosts outside the internet that organisations may nevertheless connect to: on one machine, that machine.
PRIVATE_HOSTS = frozenset({"localhost", "127.0.0.1"}) if LOCAL else frozenset()
# How often mailboxes are read between the nights.
MAILBOX_SECONDS = 180
# How often the beat looks for doorbells that ring.
RING_SECONDS = 5

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 600}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_TIME_LIMIT = 60
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TIMEZONE = "UTC"
CELERY_ENABLE_UTC = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.authentication.HasCapability"],
    "DEFAULT_THROTTLE_CLASSES": ["core.rest_throttle.CallsOfKey"],
    "DEFAULT_RENDERER_CLASSES": ["core.rest.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["core.rest.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "core.rest_schema.ApiSchema",
    "DEFAULT_VERSIONING_CLASS": None,
    "EXCEPTION_HANDLER": "core.rest.problem_handler",
    "UNAUTHENTICATED_USER": None,
    "UPLOADED_FILES_USE_URL": False,
    "COERCE_DECIMAL_TO_STRING": True,
    "URL_FORMAT_OVERRIDE": None,
}
# Calls that one API key may make in a minute; 0: no limit.
API_CALLS_PER_MINUTE = int(os.environ.get("API_CALLS_PER_MINUTE", "600"))
SPECTACULAR_SETTINGS = {
    "TITLE": "Encours API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_PERMISSIONS": [],
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "ItemKind": "receivables.models.ledger.ItemKind",
        "ImportKind": "integrations.files.KINDS",
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {"()": "core.logs.JsonFormatter"},
        "plain": {"format": "%(levelname)s %(name)s %(message)s"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain" if LOCAL else "json"}},
    "root": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL", "WARNING" if LOCAL else "INFO")},
    "loggers": {"axes": {"level": "ERROR"}, "django.request": {"level": "ERROR"}},
}

# Ports: which class answers a question that an app asks of the outside. Opened in tasks and views only.
PORTS: dict[str, str] = {
    "accounts.hours_changed": "desk.services.sending_hours.bring_forward",
    "receivables.lines_matched": "collection.services.thanks.thank_for_lines",
    "desk.transport": "integrations.registry.transport",
    "desk.reasons/collection.Action": "collection.services.sending.ActionReasons",
    "desk.reasons/collection.TestMessage": "collection.services.previewing.ToOneselfReasons",
    "desk.reasons/collection.Statement": "collection.services.statement_mail.StatementReasons",
    "desk.reasons/collection.Thanks": "collection.services.thanks.ThanksReasons",
    "desk.reasons/collection.DeliveryNote": "collection.services.delivery_notes.DeliveryReasons",
    "desk.reasons/collection.SalesDigest": "collection.services.digests.DigestReasons",
    "desk.reasons/collection.DayDigest": "collection.services.digests.DigestReasons",
    "desk.reasons/collection.Decision": "collection.services.decision_mails.DecisionReasons",
    "desk.reasons/collection.DisputeNotice": "collection.services.disputes.NoticeReasons",
    "desk.task_done/collection.Action": "collection.services.by_hand.task_done",
    "desk.reasons/desk.InboundMessage": "desk.services.answering.AnswerReasons",
    "desk.task_done/desk.InboundMessage": "desk.services.inbound_handling.finish_with_task",
    "night": "creditmgmt.schedule.run_night",
    "reporting.imports_waiting": "integrations.queries.waiting.imports_waiting",
    "night.advance_sandbox": "creditmgmt.schedule.advance_sandbox",
}
if LOCAL:
    PORTS["desk.text_carrier"] = "integrations.adapters.messaging.text_messages.DemoCarrier"

# Lists by name (core.lists): exports and saved views find them here.
LISTS: dict[str, str] = {
    "customers": "risk.lists.CUSTOMERS",
    "items": "receivables.lists.items.ITEMS",
    "documents": "receivables.lists.items.DOCUMENTS",
    "orders": "receivables.lists.standing.ORDERS",
    "promises": "receivables.lists.standing.PROMISES",
    "disputes": "receivables.lists.standing.DISPUTES",
    "holds": "receivables.lists.standing.HOLDS",
    "cash": "receivables.lists.cash.BANK_LINES",
    "cash_books": "receivables.lists.cash.CASH_ALLOCATIONS",
    "known_payers": "receivables.lists.cash.KNOWN_PAYERS",
    "messages": "desk.lists.MESSAGES",
    "replies": "desk.lists_inbound.REPLIES",
    "alerts": "desk.lists.ALERTS",
    "claims": "collection.lists.claims.CLAIMS",
    "cause_statistics": "collection.lists.causes.CAUSE_STATISTICS",
    "late_items": "collection.lists.causes.LATE_ITEMS",
    "delivery_stops": "collection.lists.terminal.DELIVERY_STOPS",
    "formal_notices": "collection.lists.terminal.FORMAL_NOTICES",
    "notices_to_ask": "collection.lists.terminal.NOTICES_TO_ASK",
    "legal_cases": "collection.lists.terminal.LEGAL_CASES",
    "write_offs": "collection.lists.terminal.WRITE_OFFS",
    "provision": "collection.lists.provision.PROVISION",
    "quality": "receivables.lists.quality.QUALITY",
    "ageing": "receivables.lists.ageing.AGEING",
    "ageing_items": "receivables.lists.ageing.OPEN_ITEMS",
}
