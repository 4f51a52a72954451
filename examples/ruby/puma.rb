# frozen_string_literal: true

# The parent reads config.ru and forks. That is fine, as it does not use the library.

workers 4
threads 1, 4
preload_app!
