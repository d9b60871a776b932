"""Every setting, from the environment; `.env.example` explains the variables.

Without DATABASE_URL or REDIS_URL the project starts a PostgreSQL and a Redis of its own (config/embedded.py).
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import environ
import structlog
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config import embedded, logs

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

if not (env.str("DATABASE_URL", "") and env.str("REDIS_URL", "")):
    _servers = embedded.ensure()
    os.environ.setdefault("DATABASE_URL", _servers.database_url)
    os.environ.setdefault("REDIS_URL", _servers.redis_url)
_missing = [name for name in ("SECRET_KEY", "SECRET_ENCRYPTION_KEYS") if not env.str(name, "")]
if _missing and env.str("PUBLIC_URL", "").startswith("https://"):
    raise ImproperlyConfigured(f"Set {' and '.join(_missing)}: .env.example tells how to make them.")
if _missing:
    # On one machine without a public address: made once, and kept beside the data.
    os.environ.update({name: embedded.secrets()[name] for name in _missing})

DEBUG = env.bool("DEBUG", False)
DEMO = env.bool("DEMO", False)
SECRET_KEY = env.str("SECRET_KEY")
SECRET_ENCRYPTION_KEYS: list[str] = env.list("SECRET_ENCRYPTION_KEYS")
PORT = env.int("PORT", 8000)
PUBLIC_URL = env.str("PUBLIC_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# Host of a store -> base address of a server at hand that plays it (lib/http/routes.py).
OUTBOUND_ROUTES: dict[str, str] = env.json("OUTBOUND_ROUTES", default={})
if not isinstance(OUTBOUND_ROUTES, dict):
    raise ImproperlyConfigured('OUTBOUND_ROUTES is not of the form {"host": "http://127.0.0.1:8000/path"}.')
if OUTBOUND_ROUTES and PUBLIC_URL.startswith("https://"):
    raise ImproperlyConfigured("OUTBOUND_ROUTES is for development: take it away where PUBLIC_URL is https.")

# The app through which Shopify's stores let us in; without it they are connected by hand.
SHOPIFY_API_KEY = env.str("SHOPIFY_API_KEY", "")
SHOPIFY_API_SECRET = env.str("SHOPIFY_API_SECRET", "")
SHOPIFY_API_SECRET_PREVIOUS = env.str("SHOPIFY_API_SECRET_PREVIOUS", "")
_SCOPES = (
    "read_orders,read_customers,read_products,write_discounts,write_gift_cards,"
    "read_store_credit_accounts,write_store_credit_account_transactions"
)
SHOPIFY_SCOPES: list[str] = env.str("SHOPIFY_SCOPES", _SCOPES).split(",")

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
    "shops",
    "loyalty",
    "rewards",
    "orders",
    "storefront_api",
    "dashboard",
    *(["demo"] if DEMO else []),
]

MIDDLEWARE = [
    "config.machine_roads.machine_roads",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.logs.request_log",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# One connection a thread, kept; Celery would otherwise open a new one for every task.
# A connection that a restart of the server has cut is noticed and replaced before it is used.
_DATABASE = env.db("DATABASE_URL") | {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}
_KEEPALIVE = {"connect_timeout": 5, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
DATABASES = {"default": _DATABASE | {"OPTIONS": _KEEPALIVE | _DATABASE.get("OPTIONS", {})}}
CELERY_DB_REUSE_MAX = 1_000_000
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL")
CELERY_BROKER_URL = embedded.celery_url(REDIS_URL)
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 60, "socket_connect_timeout": 2, "socket_timeout": 5}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"

# Calls to stores that a worker has under way at a time, and how long it has a redemption in hand: more than twice what
# one call to a store may take.
CODE_CALLS_AT_ONCE = env.int("CODE_CALLS_AT_ONCE", 16)
CODE_LEASE_S = env.int("CODE_LEASE_S", 90)
# What a store was asked to make, and never answered, may appear for so long.
CODE_UNANSWERED_S = env.int("CODE_UNANSWERED_S", 120)
# No request to anybody outside takes longer, whatever else it may take.
OUTBOUND_LONGEST_S = env.float("OUTBOUND_LONGEST_S", 30)


def _every(minutes: int, task: str) -> dict[str, Any]:
    """A task that the next one makes superfluous: it is dropped where no worker came to it."""
    every = timedelta(minutes=minutes)
    return {"task": task, "schedule": every, "options": {"expires": every.total_seconds()}}


# A lost bell costs at most this long.
CELERY_BEAT_SCHEDULE = {
    "apply-deliveries": {
        "task": "orders.apply_deliveries",
        "schedule": timedelta(seconds=2),
        "options": {"expires": 30},
    },
    "release-points": _every(minutes=1, task="loyalty.release_points"),
    "expire-points": _every(minutes=1, task="loyalty.expire_points"),
    "redate-points": _every(minutes=1, task="loyalty.redate_points"),
    "review-tiers": _every(minutes=1, task="loyalty.review_tiers"),
    "catch-up": {
        "task": "loyalty.catch_up",
        "schedule": timedelta(seconds=15),
        "options": {"expires": 60},
    },
    "mark-days": _every(minutes=10, task="loyalty.mark_days"),
    "continue-batches": _every(minutes=1, task="loyalty.continue_batches"),
    "claim-imports": _every(minutes=5, task="loyalty.claim_imports"),
    "write-warnings": _every(minutes=60, task="loyalty.write_warnings"),
    "issue-codes": {
        "task": "rewards.issue_codes",
        "schedule": timedelta(seconds=2),
        "options": {"expires": 30},
    },
    "expire-codes": _every(minutes=1, task="rewards.expire_codes"),
    "give-tier-rewards": {
        "task": "rewards.give_tier_rewards",
        "schedule": timedelta(seconds=15),
        "options": {"expires": 15},
    },
    "keep-stores": _every(minutes=5, task="orders.keep_stores"),
    "answer-privacy": _every(minutes=1, task="orders.answer_privacy"),
    "run-backtests": {
        "task": "orders.run_backtests",
        "schedule": timedelta(seconds=10),
        "options": {"expires": 10},
    },
    "fetch-due": {"task": "orders.fetch_due", "schedule": timedelta(seconds=5), "options": {"expires": 5}},
    "sweep-stores": {
        "task": "orders.sweep_stores",
        "schedule": timedelta(seconds=15),
        "options": {"expires": 15},
    },
    "verify-ledger": {"task": "loyalty.verify_ledger", "schedule": crontab(hour=3, minute=17)},
}

AUTH_USER_MODEL = "shops.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/dashboard/login/"
LOGIN_REDIRECT_URL = "/dashboard/"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
# What authenticate() calls it; axes would look for "email", find nothing and count every name as one.
AXES_USERNAME_FORM_FIELD = "username"
AXES_CLIENT_IP_CALLABLE = "dashboard.lockout.client_address"
AXES_LOCKOUT_CALLABLE = "dashboard.lockout.locked_out"

_SECURE = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _SECURE
SESSION_COOKIE_AGE = 14 * 24 * 3600
SECURE_SSL_REDIRECT = _SECURE and env.bool("SSL_REDIRECT", True)
BEHIND_PROXY = env.bool("BEHIND_PROXY", False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_HSTS_SECONDS = 31_536_000 if _SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _SECURE
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
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
# Those that are translated; a browser that asks for a variant gets the language.
LANGUAGES = [("en", "English")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"] if (BASE_DIR / "static").is_dir() else []
WHITENOISE_USE_FINDERS = not (BASE_DIR / "staticfiles").is_dir()
WHITENOISE_AUTOREFRESH = DEBUG

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["storefront_api.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "storefront_api.pagination.Pages",
    "PAGE_SIZE": 50,
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Regulars API",
    "DESCRIPTION": "Members, points, rewards and codes, for a shop's own servers.",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {
        "EntryKindEnum": "loyalty.models.Entry.Kind",
        "RewardKindEnum": "rewards.models.Reward.Kind",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "storefront_api.api.document.with_refusals",
    ],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

WEBHOOK_BODY_MAX_BYTES = 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
STOREFRONT_REQUESTS_PER_MINUTE = env.int("STOREFRONT_REQUESTS_PER_MINUTE", 240)

UNFOLD = {
    "SITE_TITLE": "Regulars",
    "SITE_HEADER": "dashboard.branding.header",
    "SITE_SUBHEADER": "dashboard.branding.subheader",
    "SITE_SYMBOL": "loyalty",
    "SITE_URL": None,
    "SHOW_HISTORY": False,
    "BORDER_RADIUS": "6px",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "dashboard.branding.icon"}],
    "STYLES": ["dashboard.branding.stylesheet"],
    "SIDEBAR": {"navigation": "dashboard.branding.navigation"},
    "COLORS": {
        "primary": {
            "50": "oklch(96.2% .018 272.314)",
            "100": "oklch(93% .034 272.788)",
            "200": "oklch(87% .065 274.039)",
            "300": "oklch(78.5% .115 274.713)",
            "400": "oklch(67.3% .182 276.935)",
            "500": "oklch(58.5% .233 277.117)",
            "600": "oklch(51.1% .262 276.966)",
            "700": "oklch(45.7% .24 277.023)",
            "800": "oklch(39.8% .195 277.366)",
            "900": "oklch(35.9% .144 278.697)",
            "950": "oklch(25.7% .09 281.288)",
        }
    },
}

LOG_LEVEL = env.str("LOG_LEVEL", "INFO")
logs.configure(LOG_LEVEL)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": logs.shared_processors(),
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                logs.frames_only,
                structlog.processors.JSONRenderer(),
            ],
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django.server": {"handlers": ["stderr"], "propagate": False, "level": "WARNING"},
        "axes": {"level": "ERROR"},
    },
}
