# frozen_string_literal: true

require 'logger'
require_relative 'output'

module IngleRuntime
  # How lines of Ruby's own logger look in AWS's runtime: with the request id.
  class LogFormatter < Logger::Formatter
    LINE = '%<letter>s, [%<time>s #%<process>d] %<severity>5s %<request_id>s -- %<program>s: ' \
           "%<message>s\n"
    TIME = '%Y-%m-%dT%H:%M:%S.%6N'

    def call(severity, time, progname, msg)
      format(
        LINE,
        letter: severity[0],
        time: time.strftime(datetime_format || TIME),
        process: Process.pid,
        severity: severity,
        request_id: $_global_aws_request_id,
        program: progname,
        message: Output.utf8(msg2str(msg))
      )
    end
  end

  # A logger that writes to standard output or error, or nowhere in particular, writes whole events.
  # One that writes to a file or a stream of the function's own is as Ruby makes it.
  module FunctionLogger
    def initialize(device = nil, *others, **options)
      ours = [nil, $stdout, $stderr, STDOUT, STDERR].any? { |each| each.equal?(device) }
      super(ours ? Output::Device : device, *others, **options)
      return unless ours

      @default_formatter = LogFormatter.new
      @default_formatter.datetime_format = options[:datetime_format]
    end
  end
end

Logger.prepend(IngleRuntime::FunctionLogger)
