# frozen_string_literal: true

require 'spec_helper'

describe 'csyncd::to_yaml' do
  it { is_expected.to run.with_params({ 'a' => nil, 'b' => { 'c' => nil } }).and_return("---\nb: {}\n") }
  it { is_expected.to run.with_params({ 'a' => "x\nb: 1" }).and_return("---\na: |-\n  x\n  b: 1\n") }
end

describe 'csyncd::mapping_name' do
  it { is_expected.to run.with_params('/var/www/shared').and_return('var-www-shared') }
  it { is_expected.to run.with_params('/srv/Web Root/a_b/').and_return('srv-web-root-a_b') }
end
