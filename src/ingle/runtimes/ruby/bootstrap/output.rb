# frozen_string_literal: true

module IngleRuntime
  # Standard output and standard error, which are one pipe to the server.
  #
  # A line is one log event. An event of several lines travels between the lines, in the frames of
  # AWS's own telemetry descriptor: type, length, microseconds since the epoch (big-endian), text.
  module Output
    FRAME_TYPE = 0xA55A0003
    FRAME_HEAD = 'L>L>Q>'
    # Bytes; CloudWatch Logs takes 256 KB with 26 bytes of overhead an event.
    # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
    MAX_EVENT = 262_118
    # The server gives an event that lacks one a line end.
    MAX_PIECE = MAX_EVENT - 1
    NEWLINE = 10

    # Remembers whether what was printed last ended its line.
    module Tracked
      def write(*values)
        written = super
        last = values.last.to_s
        Output.mid_line = last.getbyte(-1) != NEWLINE unless last.empty?
        written
      end
    end

    # What Logger writes to.
    module Device
      def self.write(text)
        Output.event(text)
        text.bytesize
      end

      def self.close; end
    end

    # `puts`, one event a call, as AWS's runtime has it.
    module Puts
      private

      def puts(*values)
        Output.event(values.flatten.map { |value| Output.utf8(value.to_s) }.join("\n"))
        nil
      end
    end

    @mid_line = false

    class << self
      attr_writer :mid_line

      def set_up
        [STDOUT, STDERR].each do |stream|
          stream.sync = true
          stream.extend(Tracked)
        end
        # Events arrive even from a function that closes or redirects its own streams.
        @pipe = STDERR.dup
        @pipe.sync = true
        @pipe.binmode
        Kernel.send(:define_method, :puts, Puts.instance_method(:puts))
        Kernel.send(:private, :puts)
      end

      # Throw away what is written as events while a block runs.
      def mute
        pipe = @pipe
        @pipe = File.open(File::NULL, 'wb')
        yield
      ensure
        @pipe.close
        @pipe = pipe
        @mid_line = false
      end

      # Write one log event, of any number of lines.
      def event(text)
        body = utf8(text).b
        body << "\n" unless body.getbyte(-1) == NEWLINE
        # A function that printed half a line gets it as an event of its own.
        before = @mid_line ? "\n" : ''
        @mid_line = false
        @pipe.write(before + (body.index("\n") + 1 < body.bytesize ? frames_of(body) : body))
      end

      # Write out what was printed.
      def flush
        [$stdout, $stderr].each do |stream|
          begin
            stream.flush
          rescue StandardError
            next # the function replaced or closed it
          end
        end
      end

      # Return a text as UTF-8, whatever it was.
      def utf8(text)
        return text if text.encoding == Encoding::UTF_8 && text.valid_encoding?

        as_is = text.dup.force_encoding(Encoding::UTF_8)
        known = ![Encoding::BINARY, Encoding::US_ASCII, Encoding::UTF_8].include?(text.encoding)
        return text.encode(Encoding::UTF_8, invalid: :replace, undef: :replace) if known

        as_is.scrub
      end

      private

      def frames_of(body)
        now = Process.clock_gettime(Process::CLOCK_REALTIME, :microsecond)
        frames = String.new(encoding: Encoding::BINARY)
        start = 0
        while start < body.bytesize
          piece = body.byteslice(start, piece_size(body, start))
          frames << [FRAME_TYPE, piece.bytesize, now].pack(FRAME_HEAD) << piece
          start += piece.bytesize
        end
        frames
      end

      # How much fits into one event without cutting a character in two.
      def piece_size(body, start)
        return MAX_PIECE if body.bytesize - start <= MAX_PIECE

        size = MAX_PIECE
        size -= 1 while (body.getbyte(start + size) & 0xC0) == 0x80
        size
      end
    end
  end
end
