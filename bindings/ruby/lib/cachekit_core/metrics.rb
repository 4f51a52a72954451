# frozen_string_literal: true

module CachekitCore
  # Metrics of an object as a Hash, and as text for Prometheus.
  # @api private
  module MetricsOf
    OPERATIONS = %i[store retrieve encrypt decrypt].freeze

    class << self
      # Yields a struct for the call that fills it in.
      # @return [Metrics]
      def struct
        metrics = Declarations::Metrics.new
        metrics[:struct_size] = Declarations::Metrics.size
        Results.check(yield(metrics.to_ptr))
        metrics
      end

      # @return [Hash]
      def hash(metrics)
        found = OPERATIONS.to_h do |operation|
          counts = metrics[operation]
          [operation, counts.members.to_h { |member| [member, counts[member]] }]
        end
        found[:last_compression_ratio] = metrics[:last_compression_ratio]
        found[:hardware_accelerated] = metrics[:hardware_accelerated]
        found
      end

      # @return [String]
      def text(metrics, name)
        name = Arguments.text(name, "name") if name
        text = Results.sized(Declarations::METRICS_TEXT_BUFFER_SIZE, false) do |out, out_len|
          Native.cachekit_metrics_text(metrics.to_ptr, name, out, out_len)
        end
        text.chop.force_encoding(Encoding::UTF_8) # the NUL
      end
    end
  end
  private_constant :MetricsOf
end
