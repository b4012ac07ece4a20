# frozen_string_literal: true

module IngleRuntime
  # The runtime's end of the socket to the server.
  #
  # A frame is a little-endian header (the length of the body in four bytes, the kind in one) and
  # the body. runtimes/python/frames.py describes the kinds.
  class Channel
    INIT = 1
    INVOKE = 2
    READY = 3
    INIT_ERROR = 4
    RESULT = 5
    FAULT = 6

    HEADER = 'L<C'
    HEADER_SIZE = 5
    PIECE = 65_536

    # Take standard input, which is the socket, and leave nothing to read there.
    def self.from_standard_input
      # The new descriptor is one that programs started by the function do not get.
      copy = STDIN.dup
      copy.autoclose = false
      STDIN.reopen(File::NULL)
      new(IO.for_fd(copy.fileno, 'r+b'))
    end

    attr_reader :io

    def initialize(io)
      io.sync = true
      @io = io
      @buffer = String.new(encoding: Encoding::BINARY)
    end

    # Wait for a frame of this kind; return its body, or nil when the server is gone.
    def receive(kind)
      return nil unless fill(HEADER_SIZE)

      length, received = @buffer.unpack(HEADER)
      return nil unless fill(HEADER_SIZE + length)
      raise "a frame of kind #{kind} was expected, not #{received}" unless received == kind

      frame = @buffer.slice!(0, HEADER_SIZE + length)
      frame.byteslice(HEADER_SIZE, length)
    end

    # Send one frame, whose body is these parts.
    def send_frame(kind, *parts)
      length = parts.sum(&:bytesize)
      @io.write([length, kind].pack(HEADER), *parts)
    end

    def close
      @io.close
    end

    private

    def fill(count)
      while @buffer.bytesize < count
        @buffer << @io.readpartial([PIECE, count - @buffer.bytesize].max)
      end
      true
    rescue EOFError, Errno::ECONNRESET
      false
    end
  end
end
