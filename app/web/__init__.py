"""Blueprints: what Flask answers, one module for each kind of visitor."""
