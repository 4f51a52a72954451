# frozen_string_literal: true

workers 2
threads 1, 4
preload_app!
