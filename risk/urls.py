"""Addresses of how customers pay."""

from django.urls import path

from risk.views import class_limits, profile, reviews

urlpatterns = [
    path("customers/<uuid:customer_id>/profile/", profile.customer_profile, name="customer_profile"),
    path("payer-classes/", class_limits.payer_classes, name="payer_classes"),
    path("review-rules/", reviews.review_rules, name="review_rules"),
]
