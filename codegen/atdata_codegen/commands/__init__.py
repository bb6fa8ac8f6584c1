"""One module a command of ``atdata-gen``; each has ``run(arguments) -> exit status``."""
