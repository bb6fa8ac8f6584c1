"""Reference pages of schemas: what each holds, what it allows, an example, its versions and lenses."""
