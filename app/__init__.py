"""Kikubari: a support companion for WooCommerce shops. See docs/design.md for the house."""
