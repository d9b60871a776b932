"""The widget: one file of JavaScript that any storefront can load."""
