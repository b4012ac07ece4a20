# frozen_string_literal: true

require_relative 'marshaller'

# The function's handler. Methods that the function's file defines outside of a class are methods of
# every object, and so of this one, on which they are called, as in AWS's runtime.
#
# Source: https://docs.aws.amazon.com/lambda/latest/dg/ruby-handler.html
class LambdaHandler
  attr_reader :handler_file_name, :handler_method_name

  # Raises ArgumentError.
  def initialize(env_handler:)
    parts = env_handler.split('.')
    unless [2, 3].include?(parts.size)
      raise ArgumentError, "Invalid handler #{parts}, must be of form FILENAME.METHOD or " \
                           'FILENAME.CLASS.METHOD where FILENAME corresponds with an existing ' \
                           'Ruby source file FILENAME.rb, CLASS is an optional module/class ' \
                           'namespace and METHOD is a callable method. If using CLASS, METHOD ' \
                           'must be a class-level method.'
    end
    @handler_file_name = parts.first
    @handler_method_name = parts.last
    @handler_class = parts[1] if parts.size == 3
  end

  # Return what the marshaller makes of the handler's answer.
  def call_handler(request:, context:)
    options = { event: request, context: context }
    answer = if @handler_class
               Kernel.const_get(@handler_class).send(@handler_method_name, **options)
             else
               __send__(@handler_method_name, **options)
             end
    AwsLambda::Marshaller.marshall_response(answer)
  end
end
