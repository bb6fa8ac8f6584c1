"""The commands of ``atdata-gen`` that look at data: they need the runtime, which the generator never imports.

``atdata_codegen.cli`` knows them by name only, as the entry point of a console script does, and loads them when they
are asked for; so every import statement still points from the runtime to the generator.
"""
