"""The REST API and the web pages: one blueprint a resource."""
