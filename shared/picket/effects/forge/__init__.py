"""The forges' own APIs: which repositories an organization has."""
