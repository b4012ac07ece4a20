'use strict';

require('./main.cjs').start();
