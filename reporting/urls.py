"""Addresses of what needs several apps: home, a customer's page, search, exports."""

from django.urls import path

from reporting.views import customer, exports, home, search

urlpatterns = [
    path("", home.home, name="home"),
    path("home/trend/", home.home_trend, name="home_trend"),
    path("search/", search.search, name="search"),
    path("customers/<uuid:customer_id>/", customer.customer, name="customer"),
    path("customers/<uuid:customer_id>/timeline/", customer.customer_timeline, name="customer_timeline"),
    path("lists/<slug:name>/export/", exports.list_export, name="list_export"),
    path("lists/<slug:name>/views/", exports.saved_view_new, name="saved_view_new"),
    path("lists/views/<uuid:view_id>/remove/", exports.saved_view_remove, name="saved_view_remove"),
    path("exports/<uuid:export_id>/", exports.export, name="export"),
    path("exports/<uuid:export_id>/stop/", exports.export_stop, name="export_stop"),
    path("exports/<uuid:export_id>/file/", exports.export_file, name="export_file"),
]
