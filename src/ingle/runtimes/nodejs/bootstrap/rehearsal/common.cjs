'use strict';

exports.handler = async (event, context) => {
  console.log('a line', event, context.awsRequestId);
  return event;
};
