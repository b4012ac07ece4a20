# frozen_string_literal: true

require 'json'
require 'stringio'

module AwsLambda
  # From an event's JSON to what a handler gets, and back. Functions may redefine both methods.
  class Marshaller
    class << self
      def marshall_request(raw_request)
        return raw_request.body unless raw_request['Content-Type'] == 'application/json'

        JSON.parse(raw_request.body)
      end

      # Return JSON, or what is to be read and sent as it is, and its content type.
      def marshall_response(method_response)
        case method_response
        when StringIO, IO then [method_response, 'application/unknown']
        else method_response.to_json
        end
      end
    end
  end
end
